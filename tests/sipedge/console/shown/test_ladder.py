"""The messages of one Call-ID, found in what the edge recorded."""

from __future__ import annotations

import json
from pathlib import Path

from sipedge.console.shown.ladder import ladder_of

MESSAGE = (
    "MESSAGE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bKa\r\nFrom: <sip:a@b>;tag=1\r\n"
    "To: <sip:bob@example.com>\r\nCall-ID: {}\r\nCSeq: 1 MESSAGE\r\nContent-Length: 0\r\n\r\n"
)


def _line(call_id: str, time: float, **more: str) -> str:
    fields = {"time": time, "direction": "received", "connection": 1, "zone": "a", "transport": "tcp"}
    ends = {"local": "192.0.2.9:5060", "peer": "192.0.2.1:5060"}
    return json.dumps({**fields, **ends, **more, "text": MESSAGE.format(call_id)}) + "\n"


def test_they_are_found_in_files_put_aside_and_stand_in_order(tmp_path: Path) -> None:
    path = tmp_path / "messages.jsonl"
    path.write_text("".join([_line("x", 5.0), _line('odd"call', 6.0, direction="sent"), "torn"]))
    (tmp_path / "messages.jsonl.1").write_text("".join([_line('odd"call', 4.0), _line('odd"call-2', 4.5)]))
    found = ladder_of(str(path), 3, 'odd"call')
    assert found is not None and found.whole
    assert [text.count("MESSAGE sip:bob") for _, text in found.messages] == [1, 1]
    assert str(found.picture).count("<polygon") == 2


def test_where_there_is_none_nothing_is_drawn(tmp_path: Path) -> None:
    assert ladder_of(str(tmp_path / "none"), 3, "x") is None


def test_of_too_many_the_first_are_drawn_and_it_is_said(tmp_path: Path) -> None:
    path = tmp_path / "messages.jsonl"
    path.write_text("".join(_line("x", float(number)) for number in range(600)))
    found = ladder_of(str(path), 0, "x")
    assert found is not None and not found.whole and len(found.messages) == 500
