from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.tapped import OPENED_6, TIME, decided, lines_of, passed, record_of

from sipedge.tap.items import Item, Lines
from sipedge.tap.json_lines import DecisionsFile, MessagesFile
from sipedge.tap.rotating_file import RotatingFile


def _messages(item: Item, mask: bool = True) -> Any:
    line = MessagesFile(RotatingFile("messages", 1, 1), mask).render(item)
    assert line is not None and line.endswith(b"\n") and line.count(b"\n") == 1
    return json.loads(line)


def test_a_message_is_one_object() -> None:
    assert _messages(passed(b"A sip:b SIP/2.0\r\n\r\n", b"\xc3\xa9\n")) == {
        "time": TIME,
        "direction": "received",
        "connection": 7,
        "zone": "IMP",
        "transport": "TLS",
        "local": "192.0.2.1:5061",
        "peer": "192.0.2.2:40112",
        "names": [],
        "text": "A sip:b SIP/2.0\r\n\r\n\u00e9\n",
    }


def test_bytes_that_are_no_text_come_as_base64() -> None:
    fields = _messages(passed(b"A\r\n\r\n", b"\xff\x00", sent=True, opened=OPENED_6))
    assert (fields["direction"], fields["base64"], fields["local"]) == ("sent", "QQ0KDQr/AA==", "[2001:db8::1]:5060")
    assert "text" not in fields


@pytest.mark.parametrize("mask", [True, False])
def test_credentials_are_masked_where_that_is_wished(mask: bool) -> None:
    head = b"A sip:b SIP/2.0\r\nAuthorization: Basic eHl6\r\n\r\n"
    fields = _messages(passed(head, b""), mask)
    assert ("eHl6" in fields["text"]) is not mask
    assert fields.get("masked", False) is mask


def test_a_decision_is_its_record() -> None:
    assert _messages(decided()) == {"time": TIME, "decision": record_of(decided())}


def _decisions(path: Path) -> DecisionsFile:
    output = DecisionsFile(RotatingFile(str(path), 100_000, 3))
    output.open()
    return output


def _page(lines: bytes) -> Lines:
    page = Lines(bytearray(lines))
    page.used, page.records = len(lines), 1
    return page


def _write(path: Path, *sequences: int) -> None:
    output = _decisions(path)
    lines = [lines_of(decided(sequence=sequence)) for sequence in sequences]
    assert output.write([output.render(_page(line)) for line in lines]) == 0
    output.close()


def _last(path: Path) -> int:
    output = _decisions(path)
    output.close()
    return output.last


def test_the_decisions_file_has_the_records_alone(tmp_path: Path) -> None:
    _write(tmp_path / "decisions", 7)
    assert json.loads((tmp_path / "decisions").read_text()) == record_of(decided(sequence=7))


def test_the_last_number_in_a_file_is_known_when_it_is_opened(tmp_path: Path) -> None:
    assert _last(tmp_path / "decisions") == 0
    _write(tmp_path / "decisions", 7, 8)
    assert _last(tmp_path / "decisions") == 8


def test_an_open_file_is_not_read_again(tmp_path: Path) -> None:
    """The thread opens its output each time before it writes: to read the end of the file then costs more than all."""
    _write(tmp_path / "decisions", 7)
    output = _decisions(tmp_path / "decisions")
    (tmp_path / "decisions").write_bytes(lines_of(decided(sequence=9)))
    output.open()
    assert output.last == 7
    output.close()


def test_the_last_number_stands_in_the_file_before_where_the_file_is_empty(tmp_path: Path) -> None:
    _write(tmp_path / "decisions", 41, 42)
    (tmp_path / "decisions").rename(tmp_path / "decisions.1")
    assert _last(tmp_path / "decisions") == 42


def test_a_line_that_broke_off_has_used_its_number(tmp_path: Path) -> None:
    whole = lines_of(decided(sequence=7))
    (tmp_path / "decisions").write_bytes(whole + b'{"format":1,"sequence":8,"time":17')
    assert _last(tmp_path / "decisions") == 8


def test_no_peer_can_write_a_number(tmp_path: Path) -> None:
    item = decided(sequence=7)
    item.entry.call_id = '\n{"format":1,"sequence":999,'
    (tmp_path / "decisions").write_bytes(lines_of(item))
    assert _last(tmp_path / "decisions") == 7


def test_a_device_has_no_last_number() -> None:
    assert _last(Path("/dev/null")) == 0
