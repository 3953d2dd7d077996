"""Lines made in C say what those say that are made in Python, whatever stands in a request."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.messages import answer_to, request
from support.native import require_native
from support.settings import INSIDE_PEER, ZONES, make_settings
from support.tapped import entry, searched

from sipedge.native import library
from sipedge.proxy.history import entry_of, joined, json_text
from sipedge.remembered.record import BEGUN, ENDED, ENTRY, HEAD, HOPS, OPENED, REASON, STATUS, TIME, WAY, Record
from sipedge.settings import DnsSettings, Listener
from sipedge.tap import writing as module
from sipedge.tap.json_lines import DecisionsFile
from sipedge.tap.rotating_file import RotatingFile
from sipedge.tap.worker import Worker
from sipedge.tap.writing import Writing
from tools.memory_edge import MemoryEdge, run_edge

SETTINGS = make_settings(
    zones=tuple(replace(zone, transport="TCP") for zone in ZONES),
    listeners=(Listener("sip", "203.0.113.1", 5060, transport="TCP"),),
    dns=DnsSettings(("127.0.0.1",)),
)
TEXTS = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"])).map(str.encode) | st.binary(
    max_size=9
).map(lambda text: text.replace(b"\r", b"").replace(b"\n", b""))
NAMES = ("From", "To", "Call-ID", "CSeq")


@pytest.fixture(scope="module")
def records() -> Iterator[list[Record]]:
    """Of requests that went through an edge without its core."""
    require_native()
    ended: list[Record] = []

    async def scenario(edge: MemoryEdge) -> None:
        edge.server._short._record = lambda connection, begun, concluded, copies: ended.extend(concluded)
        caller = edge.accept(INSIDE_PEER)
        for number in range(6):
            via = f"SIP/2.0/TCP {INSIDE_PEER}:5060;branch=z9hG4bK{number}"
            caller.send(request(via=via, call_id=f"call-{number}", cseq=f"{number} MESSAGE", body=b"hello"))
            await edge.turn()
            (callee,) = edge.loop.called
            callee.send(*(answer_to(each, 200) for each in callee.received()))
            await edge.turn()
            caller.received()

    run_edge(SETTINGS, scenario)
    assert len(ended) >= 2
    yield ended


@pytest.fixture(scope="module")
def writing() -> Writing:
    return Writing()


def _in_python(records: list[Record], first: int) -> bytes:
    writing = Writing()
    return b"".join(
        writing.line(entry_of([*record[:ENTRY], None]), number) for number, record in enumerate(records, first)
    )


def _in_c(writing: Writing, records: list[Record], first: int) -> bytes:
    assert writing._native is not None
    space = bytearray(b"?" * (1 << 17))
    done, used = writing._native.lines(records, 0, first, space, 10, writing._texts)
    assert done == len(records) and space[:10] + space[used:] == b"?" * (len(space) + 10 - used)
    return bytes(space[10:used])


def _other(record: Record, **changes: Any) -> Record:
    """``changes``: header -> value, with _ for -, or ``reason``, ``time``, ``took``, ``status``."""
    made, head = [*record[:ENTRY], None], record[HEAD].split(b"\r\n")
    for name, value in changes.items():
        front = name.replace("_", "-").encode() + b":"
        head = [front + b" " + value if line.startswith(front) else line for line in head]
    made[HEAD] = b"\r\n".join(head)
    made[REASON], made[STATUS] = changes.get("reason", record[REASON]), changes.get("status", record[STATUS])
    made[TIME] = changes.get("time", record[TIME])
    made[ENDED] = made[BEGUN] + changes.get("took", 0.25)
    return made


def test_a_batch_is_written_as_one_by_one(records: list[Record], writing: Writing) -> None:
    made = _in_c(writing, records, 41)
    assert made == _in_python(records, 41)
    fields = [json.loads(line) for line in made.splitlines()]
    assert [each["sequence"] for each in fields] == list(range(41, 41 + len(records)))
    assert fields[-1] == {"format": 1, "sequence": 40 + len(records), **entry_of(records[-1]).to_json()}
    assert fields[-1]["from"].startswith("<sip:") and fields[-1]["call_id"] == "call-5"


def test_usual_ones_ask_nothing_of_python(records: list[Record], monkeypatch: pytest.MonkeyPatch) -> None:
    writing, asked = Writing(), list[int]()
    whole = lambda record, number: asked.append(number) or b"?\n"  # noqa: E731
    monkeypatch.setattr(writing, "_texts", (*writing._texts[:3], whole))
    quoted = _other(records[-1], From=rb'"A \" \\ B" <sip:alice@inside.example>;tag=1')
    accented = _other(records[-1], From="É <sip:alice@inside.example>;tag=1".encode())
    assert _in_c(writing, [records[0], quoted, accented, records[1]], 5).count(b"?\n") == 1
    assert asked == [7]


@examples(300)
@given(data=st.data())
def test_whatever_a_request_says_the_line_is_the_same(
    data: st.DataObject, records: list[Record], writing: Writing
) -> None:
    changes = {name.replace("-", "_"): data.draw(TEXTS, name) for name in NAMES}
    record = _other(
        records[-1],
        **changes,
        reason=data.draw(TEXTS),
        time=data.draw(st.floats(0, 4e9)),
        took=data.draw(st.floats(0, 1e5)),
        status=data.draw(st.integers(200, 299)),
    )
    assert _in_c(writing, [records[0], record, records[0]], 7) == _in_python([records[0], record, records[0]], 7)


@pytest.mark.parametrize(
    "odd",
    [
        {"took": -0.5},
        {"took": 2e9},
        {"time": 1e13},
        {"To": b"x" * 5000},
        {"From": rb'"A \" \\ B" <sip:alice@inside.example>;tag=1'},
        {"reason": rb'say "no" \ or not'},
        {"reason": b"DEL \x7f"},
        {"reason": b'"' * 50_000},
    ],
    ids=["negative", "long ago", "far off", "long", "quoted", "a quoting reason", "DEL", "quotes that fill a page"],
)
def test_what_is_odd_or_long_is_written_too(odd: dict[str, Any], records: list[Record], writing: Writing) -> None:
    record = _other(records[-1], **odd)
    assert _in_c(writing, [record], 1) == _in_python([record], 1)


def test_other_hops_and_connections_have_texts_of_their_own(records: list[Record], writing: Writing) -> None:
    made = [_other(records[-1]) for _ in range(3)]
    made[1][HOPS] = (replace(made[1][HOPS][0], port=5099), *made[1][HOPS][1:])
    made[2][OPENED] = replace(made[2][OPENED], connection=99, peer_port=1, names=("é",))
    assert _in_c(writing, made, 1) == _in_python(made, 1)
    fields = [json.loads(line) for line in _in_c(writing, made, 1).splitlines()]
    assert [each["hops"][0]["port"] for each in fields][1] == 5099
    assert [each["connection"] for each in fields][2] == 99


def test_so_many_hops_and_connections_that_some_share_a_place_have_texts_of_their_own(
    records: list[Record], writing: Writing
) -> None:
    """There are 1024 places for each: with so many objects dozens meet in one."""
    made = [_other(records[-1]) for _ in range(1500)]
    for number, record in enumerate(made):
        record[HOPS] = (replace(record[HOPS][0], port=number), *record[HOPS][1:])
        record[OPENED] = replace(record[OPENED], connection=number)
    pages = [_in_c(writing, made[at : at + 100], 1) for at in [*range(0, 1500, 100)] * 2]
    fields = [json.loads(line) for line in b"".join(pages).splitlines()]
    assert [(each["hops"][0]["port"], each["connection"]) for each in fields] == [(at, at) for at in range(1500)] * 2


def test_each_way_keeps_its_own_texts(records: list[Record], writing: Writing) -> None:
    made = [_other(records[-1]) for _ in range(2)]
    made[1][WAY] = replace(made[1][WAY], revision="another", texts=None)
    assert _in_c(writing, made * 2, 1) == _in_python(made * 2, 1)
    assert [b'"revision":"another"' in line for line in _in_c(writing, made * 2, 1).splitlines()] == [False, True] * 2
    assert made[1][WAY].texts is not None and b"another" in made[1][WAY].texts


@pytest.mark.parametrize("texts", [b"", b"\1\2\3\4", bytes(15), bytes(17), bytes(4) + b"\xff" * 12, "text"])
def test_texts_of_a_way_that_are_none_are_an_error(texts: Any, records: list[Record], writing: Writing) -> None:
    made = _other(records[-1])
    made[WAY] = replace(made[WAY], texts=texts)
    with pytest.raises(ValueError, match="texts of a way are"):
        _in_c(writing, [made], 1)


def test_what_was_forgotten_is_made_again(records: list[Record], writing: Writing) -> None:
    record = _other(records[-1])
    record[OPENED] = replace(record[OPENED])
    _in_c(writing, [record], 1)
    record[OPENED].transport = "TLS"
    writing.forget()
    assert b'"transport":"TLS","local"' in _in_c(writing, [record], 1)


ODD = st.text(st.characters()) | st.text(max_size=9).map(lambda text: text + '"\\' + text)
VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-9, 1 << 70)
    | st.floats(0, 1e13)
    | ODD
    | ODD.map(lambda text: b"To: " + text.encode("utf-8", "surrogatepass"))
    | st.binary()
)


@examples(300)
@given(values=st.lists(VALUES, max_size=9), room=st.integers(0, 400))
def test_pieces_are_put_together_as_in_python(values: list[Any], room: int, writing: Writing) -> None:
    require_native()
    assert writing._native is not None
    pieces = [part for number, value in enumerate(values) for part in (f"{number}:", value)] + ["end"]
    text, space = joined(pieces).encode("ascii"), bytearray(b"?" * (3 + room))
    used = writing._native.line(pieces, space, 3, json_text)
    if used is None:
        assert room < 2 * len(text) + 32
    else:
        assert bytes(space[:used]) == b"???" + text and not space[used:].strip(b"?")


@pytest.mark.parametrize(
    "value", ["a", 'say "no"', b"To: <sip:a@b>", b"To:", 0, 7, (1 << 64) - 1, 0.25, 12.0, None, True, False]
)
def test_a_usual_value_asks_nothing_of_python(value: Any, writing: Writing) -> None:
    require_native()
    assert writing._native is not None

    def refuse(value: object) -> str:
        raise AssertionError(f"{value!r} is usual")

    space = bytearray(400)
    used = writing._native.line(["{", value, "}"], space, 0, refuse)
    assert used is not None and bytes(space[:used]).decode() == joined(["{", value, "}"])


@pytest.mark.parametrize("value", ["a" * 20, b"To: " + b"a" * 20])
def test_a_value_is_put_where_there_is_room_for_all_that_it_may_become(value: Any, writing: Writing) -> None:
    """Each character of a text may need two."""
    require_native()
    assert writing._native is not None
    assert writing._native.line(["", value], bytearray(2 * 20 + 2), 0, json_text) == 22
    assert writing._native.line(["", value], bytearray(2 * 20 + 1), 0, json_text) is None
    assert writing._native.line(["x" * 9], bytearray(9), 0, json_text) == 9
    assert writing._native.line(["x" * 9], bytearray(8), 0, json_text) is None


def test_the_line_of_an_entry_is_the_one_of_python(tmp_path: Path) -> None:
    by_rules, refused = entry(searched("bob@far.example")), entry()
    refused.diagnostics, refused.attempts = (b'ms-diagnostics: 1;reason="\xff"', b"x: 2"), refused.attempts * 9
    odd = replace(
        by_rules, call_id="\udcff", request_uri='sip:"\\\x01@far.example', lines=(b"", b"To: \r\n a", b"C:\xc3\xa9")
    )
    long = replace(by_rules, call_id="x" * 300_000)
    writing, path = Writing(), tmp_path / "log"
    worker, all_of_them = (
        Worker(DecisionsFile(RotatingFile(str(path), 1 << 20, 1))),
        [by_rules, refused, odd, long, odd],
    )
    for number, one in enumerate(all_of_them, 1):
        writing.put(worker, one, number)
    worker.end()
    worker.join()
    assert path.read_bytes() == b"".join(writing.line(one, number) for number, one in enumerate(all_of_them, 1))
    assert [json.loads(line)["sequence"] for line in path.read_text().splitlines()] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("wrong", [[1], ["a", 1, b"b"], ["a", {}]])
def test_pieces_that_are_none_are_an_error(wrong: list[Any], writing: Writing) -> None:
    require_native()
    assert writing._native is not None
    with pytest.raises((TypeError, KeyError)):
        writing._native.line(wrong, bytearray(99), 0, json_text)


def _written(writing: Writing, path: Path, batches: list[list[Record]]) -> bytes:
    """What a worker's file has in the end."""
    worker, first = Worker(DecisionsFile(RotatingFile(str(path), 1 << 20, 1))), 1
    for batch in batches:
        writing.put_all(worker, batch, first)
        first += len(batch)
    worker.end()
    worker.join()
    assert not worker.alive and not worker.dropped
    return path.read_bytes()


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize("page", [1 << 18, 1 << 13, 4096, 100])
def test_pages_of_any_size_hold_all_in_order(
    page: int, native: bool, records: list[Record], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGE", page)
    if not native:
        monkeypatch.setenv(library.SWITCH, "0")
    odd = [_other(records[-1], To=b"\xff" * 2000), _other(records[-1], To=b"x" * 5000)]
    batches = [records, [*records[:2], *odd, records[1]], records * 9]
    assert _written(Writing(), tmp_path / "log", batches) == _in_python([each for some in batches for each in some], 1)


def test_a_page_that_was_written_is_used_again(records: list[Record], tmp_path: Path) -> None:
    writing = Writing()
    for number in range(3):
        _written(writing, tmp_path / f"{number}", [records])
        assert len(writing._spare) == 1


def test_a_page_without_room_is_left_as_it_is(records: list[Record], writing: Writing) -> None:
    assert writing._native is not None
    space = bytearray(1500)
    done, used = writing._native.lines(records, 0, 1, space, 0, writing._texts)
    assert writing._native.lines(records, done, 2, space, used, writing._texts) == (done, used)
    assert bytes(space[:used]) == _in_python(records[:done], 1) and not any(space[used:])


@pytest.mark.parametrize(
    "wrong",
    [
        ([], 0, 1, b"", 0, ()),
        ((), 0, 1, bytearray(9), 0, (None,) * 4),
        ([], 0, 1, bytearray(9), 10, (None,) * 4),
        ([], -1, 1, bytearray(9), 0, (None,) * 4),
        ([[]], 0, 1, bytearray(9), 0, (None,) * 4),
        ([()], 0, 1, bytearray(9), 0, (None,) * 4),
    ],
)
def test_what_is_no_page_or_no_record_is_an_error(wrong: tuple[Any, ...], writing: Writing) -> None:
    assert writing._native is not None
    with pytest.raises((TypeError, ValueError, IndexError)):
        writing._native.lines(*wrong)


def test_many_connections_are_not_all_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 2)
    writing, one = Writing(), entry(searched("bob@far.example"))
    for number in range(5):
        one.opened = replace(one.opened, connection=number)
        assert json.loads(writing.line(one, 1))["connection"] == number
    assert len(writing._parties) <= 2
