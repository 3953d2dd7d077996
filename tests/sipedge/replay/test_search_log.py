from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.paths import DATA
from support.third_party import require_shared

from sipedge.replay.search_log import BoxLine, BoxSearch, box_lines, read_searches, searches
from sipedge.traces.reading import TraceError

PREFIX = b'2017-09-25T11:26:02.966-04:00 box tvcs: UTCTime="%s" Module="network.search" Level="DEBUG": Detail="%s"\n'
TIME = b"2017-09-25 15:26:02,966"
NO_MATCH = b"Search rule 'a' did not match destination alias 'bob@x'"
IGNORED = b"Search rule 'b' ignored due to source filtering"
ASKED = b"Considering search rule 'c' towards target 'LocalZone' at priority '7' with alias 'bob@x'"


def read(*details: bytes, times: tuple[bytes, ...] = ()) -> list[BoxSearch]:
    stamps = times or (TIME,) * len(details)
    return list(searches(box_lines((0, PREFIX % pair) for pair in zip(stamps, details, strict=True))))


def test_a_search_has_its_lines() -> None:
    (search,) = read(NO_MATCH, IGNORED, ASKED)
    time = 1506353162.966
    assert search.lines == [
        BoxLine(time, 0 + PREFIX.index(b"UTC"), "a", "alias", "bob@x"),
        BoxLine(time, 0 + PREFIX.index(b"UTC"), "b", "source filtering"),
        BoxLine(time, 0 + PREFIX.index(b"UTC"), "c", "", "bob@x", "LocalZone", 7),
    ]
    assert (search.alias, search.time) == ("bob@x", time)
    assert [str(line) for line in search.lines] == [
        "no match",
        "ignored due to source filtering",
        "asks LocalZone at priority 7 as bob@x",
    ]


@pytest.mark.parametrize(
    "details",
    [
        (NO_MATCH, NO_MATCH),
        (ASKED, NO_MATCH),
        (NO_MATCH, NO_MATCH.replace(b"'a'", b"'z'").replace(b"bob", b"eve")),
    ],
)
def test_what_cannot_be_one_search_is_two(details: tuple[bytes, ...]) -> None:
    assert len(read(*details)) == 2


def test_lines_long_after_are_another_search() -> None:
    assert len(read(NO_MATCH, IGNORED, times=(TIME, b"2017-09-25 15:26:09,966"))) == 2


def test_copies_from_the_web_have_blanks_and_lost_line_ends() -> None:
    flat = (PREFIX % (TIME, NO_MATCH)).strip() + b" " + PREFIX % (TIME, ASKED)
    flat = flat.replace(b'Module="network.search"', b'Module=" network.search "')
    (search,) = searches(box_lines([(100, flat)]))
    assert [line.rule for line in search.lines] == ["a", "c"] and search.lines[0].position > 100


def test_other_words_and_other_modules_are_no_decisions() -> None:
    assert read(b"Something else", b"") == []
    assert list(box_lines([(0, b'Module="network.search" nonsense'), (0, b"")])) == []
    (search,) = read(NO_MATCH, times=(b"2017-99-99 15:26:02,966",))
    assert search.time == 0.0


@examples(100)
@given(st.lists(st.sampled_from([NO_MATCH, IGNORED, ASKED, b"'", b'"', b"\xff", b"x" * 99]), max_size=6), st.data())
def test_nothing_in_a_line_raises(details: list[bytes], data: st.DataObject) -> None:
    text = b"".join(PREFIX % (TIME, detail) for detail in details)
    cut = data.draw(st.integers(0, len(text)))
    for search in searches(box_lines([(0, text[:cut]), (cut, text[cut:])])):
        assert search.lines


def test_whole_logs_show_three_searches() -> None:
    found = list(read_searches(str(DATA / "expressway/search_on_a_route.log")))
    assert [(search.alias, len(search.lines)) for search in found] == [("crane.harbour.example;lr", 6)]
    found = list(read_searches(str(DATA / "expressway/hidden_rule.log")))
    assert [(search.alias, len(search.lines)) for search in found] == [("mara@deck.partner.example", 4)] * 2


def test_published_logs_show_three_searches() -> None:
    folder = require_shared("samples/expressway")
    found = list(read_searches(str(folder / "02_hybrid_search_rules_debug_expc.log")))
    assert [(search.alias, len(search.lines)) for search in found] == [("cucm.rtp.ciscotac.net;lr", 11)]
    found = list(read_searches(str(folder / "06_search_rules_and_dns_lookup_expe.log")))
    assert [(search.alias, len(search.lines)) for search in found] == [
        ("pstojano-test@dmzlab.call.ciscospark.com", 4)
    ] * 2


def test_files_are_read_whatever_they_are(tmp_path: Path) -> None:
    text = PREFIX % (TIME, NO_MATCH) + b"x" * 3_000_000 + b"\n" + PREFIX % (TIME, ASKED)
    (tmp_path / "log").write_bytes(text)
    (tmp_path / "log.gz").write_bytes(gzip.compress(text))
    for name in ("log", "log.gz"):
        (search,) = read_searches(str(tmp_path / name))
        assert [text[line.position :].startswith(b"UTCTime=") for line in search.lines] == [True, True]
    with pytest.raises(TraceError):
        list(read_searches(str(tmp_path / "missing")))
