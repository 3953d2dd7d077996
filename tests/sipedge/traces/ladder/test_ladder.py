from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from sipedge.traces.ladder.ladder import Arrow, Heading, Note, Record, render

COLUMNS = ("A", "B", "C")


def test_arrows_notes_headings_and_times() -> None:
    records: list[Record] = [
        Arrow(100.0, "A", "B", "INVITE"),
        Note(100.001, "B", "rule x decided this one and it is long"),
        Arrow(100.001, "B", "C", "INVITE sip:a.very.long.uri@example.com"),
        Arrow(100.25, "C", "A", "200 OK"),
        Note(100.3, "C", "log: refused"),
        Heading(101.0, "Next"),
        Arrow(101.0, "A", "C", "x"),
    ]
    assert render(records, COLUMNS, 72) == [
        "                   A                    B                    C",
        "   0.000           │────── INVITE ─────▶│                    │",
        "                   │                    │ rule x decided this one and it",
        "                   │                    │ is long            │",
        "   0.001           │                    │── INVITE sip:a.… ─▶│",
        "   0.250           │◀───────────────────┼────── 200 OK ──────│",
        "                   │                    │       log: refused │",
        "",
        "━━ Next ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━",
        "                   A                    B                    C",
        "   1.000           │───────── x ────────┼───────────────────▶│",
    ]


def test_a_label_longer_than_its_gap_lies_over_the_crossing() -> None:
    line = render([Arrow(0, "A", "C", "a label of thirty characters..")], COLUMNS, 72)[1]
    assert "a label of thirty characters.." in line and "┼" not in line


def test_nothing_gives_nothing() -> None:
    assert render([], COLUMNS) == []


columns = st.sampled_from(COLUMNS)
pairs = st.lists(columns, min_size=2, max_size=2, unique=True)
texts = st.text(st.characters(codec="ascii", categories=["L", "N", "P", "Zs"]), max_size=200)
records = st.one_of(
    st.builds(lambda pair, label: Arrow(1.0, pair[0], pair[1], label), pairs, texts),
    st.builds(Note, st.just(1.0), columns, texts),
    st.builds(Heading, st.just(1.0), texts),
)


@examples(60)
@given(st.lists(records, max_size=8), st.integers(60, 160))
def test_no_line_is_wider_than_asked(items: list[Record], width: int) -> None:
    assert all(len(line) <= width for line in render(items, COLUMNS, width))


def test_deltas_count_from_the_arrow_before_and_begin_anew_under_a_heading() -> None:
    records = [
        Arrow(10.0, "A", "B", "one"),
        Arrow(10.25, "B", "A", "two"),
        Heading(10.5, "next"),
        Arrow(10.5, "A", "B", "three"),
    ]
    lines = [line for line in render(records, ["A", "B"], 80, deltas=True) if "▶" in line or "◀" in line]
    assert [line.split("│")[0].split() for line in lines] == [["0.000"], ["0.250", "+0.250"], ["0.500"]]


def test_an_arrow_to_its_own_column_stands_beside_it() -> None:
    (_, line) = render([Arrow(0.0, "A", "A", "x" * 99)], ["A"], 60)
    assert "◀─ xxx" in line and line.endswith("…") and len(line) <= 60
