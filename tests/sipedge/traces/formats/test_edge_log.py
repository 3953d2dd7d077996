from __future__ import annotations

import json
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.tapped import HEAD, OPENED, OPENED_6, TIME, decided, passed

from sipedge.tap.items import Item as Tapped
from sipedge.tap.json_lines import MessagesFile
from sipedge.tap.rotating_file import RotatingFile
from sipedge.traces import reading
from sipedge.traces.formats import edge_log
from sipedge.traces.records.record import Direction, Item, Record, Skipped

OUTPUT = MessagesFile(RotatingFile("messages", 1, 1), True)


def _log(*items: Tapped) -> bytes:
    return b"".join(line for item in items if (line := OUTPUT.render(item)) is not None)


def _read(log: bytes) -> list[Item]:
    return list(edge_log.read(BytesIO(log), "log"))


def test_messages_come_back_and_decisions_are_left_out() -> None:
    log = _log(passed(), decided(), passed(sent=True, opened=OPENED_6))
    received, sent = _read(log)
    assert received == Record(
        TIME,
        Direction.RECEIVED,
        (OPENED.peer_address, OPENED.peer_port),
        (OPENED.local_address, OPENED.local_port),
        "tls",
        HEAD + b"hello",
        True,
        "log",
        0,
        "IMP",
        (),
    )
    assert isinstance(sent, Record)
    assert (sent.direction, sent.source, sent.transport) == (Direction.SENT, ("2001:db8::1", 5060), "tcp")
    assert log[sent.position :] == _log(passed(sent=True, opened=OPENED_6))


def test_masked_bytes_are_not_exact() -> None:
    (record,) = _read(_log(passed(b"A sip:b SIP/2.0\r\nAuthorization: Basic eHl6\r\n\r\n", b"")))
    assert isinstance(record, Record) and not record.exact


def test_the_log_is_known_by_its_lines() -> None:
    assert reading.detect(_log(passed())) is edge_log
    assert reading.detect(_log(decided(), passed())) is edge_log
    assert reading.detect(b'rest of a line"}\n' + _log(passed())) is edge_log
    assert edge_log.detect(HEAD + b'{"time": 1}') == 0


def test_a_broken_line_costs_itself() -> None:
    lines = [_log(passed())[:40] + b"\n", b"\n", b"[1]\n", b'{"direction": "up"}\n', b"[" * 100_000 + b"\n"]
    lines += [_log(passed()).replace(b"1780000000.25", b"NaN"), _log(passed()).replace(b":5061", b":x")]
    log = b"".join(lines) + _log(passed())
    items = _read(log)
    assert [type(item) for item in items] == [Skipped] * 6 + [Record]
    assert items[-1].position == log.rindex(b'{"time"')


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("local", 5),
        ("peer", None),
        ("peer", "192.0.2.1:65536"),
        ("peer", "192.0.2.1:-5"),
        ("peer", "192.0.2.1:5_0"),
        ("peer", "\ud800:5"),
        ("text", 5),
        ("text", "\ud800"),
        ("time", 10**400),
        ("time", "now"),
        ("time", None),
        ("direction", ["sent"]),
        ("transport", {}),
        ("zone", []),
    ],
)
def test_a_value_of_another_kind_costs_its_line(key: str, value: object) -> None:
    sound = _log(passed())
    odd = json.dumps(json.loads(sound) | {key: value}).encode() + b"\n"
    items = _read(odd + b'"decision"\n' + sound)
    assert [type(item) for item in items] == [Skipped, Skipped, Record]


def test_the_largest_port_is_one() -> None:
    (record,) = _read(_log(passed()).replace(b":5061", b":65535"))
    assert isinstance(record, Record)


def test_a_line_without_end_is_not_kept() -> None:
    skipped, record = _read(b"x" * (3 * edge_log.LONGEST_LINE) + b"\n" + _log(passed()))
    assert isinstance(skipped, Skipped) and "longer" in skipped.reason
    assert isinstance(record, Record) and record.position == 3 * edge_log.LONGEST_LINE + 1


@examples(50)
@given(st.lists(st.binary(max_size=200), max_size=5))
def test_any_bytes_come_back(bodies: list[bytes]) -> None:
    read = _read(_log(*(passed(body=body) for body in bodies)))
    assert [item.data for item in read if isinstance(item, Record)] == [HEAD + body for body in bodies]


@examples(100)
@given(st.binary(max_size=300))
def test_nothing_that_a_file_holds_is_an_error(data: bytes) -> None:
    _read(data)
    _read(b'{"time": 1.5, "direction": "sent", "text": ' + data + b"}")
