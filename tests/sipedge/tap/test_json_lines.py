from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.tapped import OPENED_6, TIME, decided, entry, passed

from sipedge.tap.items import Item
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


def test_a_decision_is_its_entry() -> None:
    assert _messages(decided()) == {"time": TIME, "decision": entry().to_json()}


def test_the_decisions_file_has_the_entries_alone(tmp_path: Path) -> None:
    output = DecisionsFile(RotatingFile(str(tmp_path / "decisions"), 1000, 1))
    output.open()
    assert output.write([output.render(decided())]) == 0
    output.close()
    assert json.loads((tmp_path / "decisions").read_text()) == entry().to_json()
