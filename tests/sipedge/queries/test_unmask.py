"""Logs of hidden zones, opened."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from support.messages import invite
from support.settings import ZONES, make_settings, with_zone

from sipedge.journal.file import JournalFile
from sipedge.queries.unmask import clear_of, unmasked
from sipedge.sip.message import Message
from sipedge.topology.border import Border, Outgoing
from sipedge.topology.contacts import Seat
from sipedge.topology.handles import KEY, Handles
from sipedge.topology.seals import Seals
from zones.zone import Topology

SETTINGS = make_settings(zones=with_zone(ZONES, "Inside", topology=Topology.HIDDEN))
BOTH = make_settings(zones=tuple(with_zone((zone,), zone.name, topology=Topology.HIDDEN)[0] for zone in ZONES))
ROUTE = "<sip:edge.inside.example:5061;lr>"
OWN = "<sip:e-AgWzzbxG_KhiGrECgAAAAAAAAAAAAAAAAAAAAAAAAAAAAA@203.0.113.1:5061;transport=tls;lr>"


def sent(hidden: frozenset[str] = frozenset({"Inside"}), longest: int = 0, handles: Handles | None = None) -> str:
    """A request as it leaves, with its Contact, Call-ID and Record-Route sealed. ``longest``: of user parts."""
    extra = (f"Record-Route: {OWN}", "Record-Route: <sip:p.local;lr>", "Contact: <sip:alice@phone.local;ob>")
    message = invite(extra=extra, call_id='a"b@phone.local', body=b"")
    border = Border(hidden, hidden, Seals(SETTINGS.secret, (), handles), frozenset(), frozenset())
    seat = Seat("203.0.113.1:5061", "tls", "Outside", longest)
    call_id = message.lines[message.index["call-id"][0]]
    nothing: frozenset[str] = frozenset()
    head, _, _ = border.request(Outgoing(message, "Inside", "Outside", seat, seat, (OWN,), call_id, nothing, nothing))
    return head.decode()


def opened(text: str) -> Message:
    return Message("".join(unmasked([text], clear_of(SETTINGS))).encode())


def test_a_message_is_opened() -> None:
    message = opened(sent())
    assert "phone.local" not in sent()
    assert message.first("contact") == "<sip:alice@phone.local;ob>"
    assert message.call_id == 'a"b@phone.local'
    assert message.items("record-route") == [OWN, "<sip:p.local;lr>"]


def test_between_two_hidden_zones_too() -> None:
    assert opened(sent(frozenset({"Inside", "Outside"}))).call_id == 'a"b@phone.local'


def test_a_line_of_the_log_stays_json() -> None:
    line = json.dumps({"message": sent(), "bytes": 12, "more": [sent()]}) + "\n"
    (written,) = unmasked([line], clear_of(SETTINGS))
    record = json.loads(written)
    assert record["bytes"] == 12
    assert 'Call-ID: a"b@phone.local' in record["message"] and record["more"] == [record["message"]]


def test_what_was_not_sealed_here_stays() -> None:
    foreign = sent().replace("sealed-", "sealed-A").replace(":c-", ":c-A").replace("e-AgWz", "e-AgWy")
    assert "".join(unmasked([foreign, "{no json}\n"], clear_of(SETTINGS))) == foreign + "{no json}\n"
    other = make_settings(secret=b"another secret of the tests")
    assert "".join(unmasked([sent()], clear_of(other))) == sent()


@pytest.mark.parametrize("file", ["journal", "journal.1"])
def test_handles_are_opened_with_the_journal_of_an_edge_that_is_running(tmp_path: Path, file: str) -> None:
    """Or with that of one of several workers."""
    handles, journal = Handles(), JournalFile(str(tmp_path / file))
    short = sent(longest=40, handles=handles)
    journal.open()
    journal.append({KEY + handle: token and token.encode() for handle, token in handles.taken().items()})
    assert len(short) < len(sent())
    kept, lost = (clear_of(replace(SETTINGS, journal=str(tmp_path / name))) for name in ("journal", "missing"))
    assert "".join(unmasked([short], kept)) == "".join(unmasked([sent()], clear_of(SETTINGS)))
    assert Message(lost(short).encode()).first("contact") == Message(short.encode()).first("contact")
    journal.close()


def test_a_journal_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    told: list[str] = []
    clear_of(replace(SETTINGS, journal=str(tmp_path)), told.append)
    assert told == [f'journal "{tmp_path}" cannot be read, so handles stay as they are: Is a directory']
