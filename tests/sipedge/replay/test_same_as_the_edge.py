"""Replay says what the edge does: odd requests go through the core and through replay, and come out decided alike.

The core is here without the strict parser that stands before it: so replay is asked as of a log that was rebuilt.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.messages import request
from support.odd_requests import PLAN, Place, odd_requests
from support.playbook import FROM_STRANGER, INSIDE, START, STRANGER, Playbook, arrives
from support.settings import ZONES, make_settings, with_zone
from support.tapped import lines_of, read_back
from support.traces import record

from dialplan.model import Tier
from sipedge.decision.deciding import CANCELS, REFUSED
from sipedge.decision.deciding import EDGE as THE_EDGE
from sipedge.proxy.commands import Respond
from sipedge.proxy.history import Entry
from sipedge.queries.query import DescribedRequest, NotSearched, query_of
from sipedge.replay.decider import Decider
from sipedge.replay.verdict import Decision, Verdict
from sipedge.settings import Settings
from sipedge.sip.message import Message, parse_message
from sipedge.tap.items import Decided
from sipedge.traces.records.record import Endpoint, Record
from zones.zone import DEFAULT_ZONE, DefaultZone, FromDomain

SETTINGS = make_settings(PLAN, with_zone((*ZONES, DefaultZone(preloaded_routes=False)), "Outside", poison=True))
DECIDER = Decider(SETTINGS)
PEERS = {INSIDE: Place().inside, STRANGER: Place().stranger}


def edge_says(book: Playbook, message: Message, connection: int) -> tuple[str, tuple[Tier, ...]]:
    """What the running core decides: ("refused 400" ..., tiers), from its own history."""
    seen = len(book.entries)
    book >> arrives(message, connection)
    statuses = [getattr(command, "status", 0) for command in book.drain()]
    if len(book.entries) == seen:  # not a request that is decided about
        return (CANCELS if message.method == "CANCEL" else THE_EDGE), ()
    entry = book.entries[-1]
    if entry.explanation is not None:
        return "rules", entry.explanation.tiers
    if entry.route:
        return f"route to {entry.route}", ()
    assert message.method in ("ACK", "BENOTIFY") or statuses == [entry.status]
    return f"{REFUSED} {entry.status}", ()


def replay_says(message: Message, connection: int) -> tuple[str, tuple[Tier, ...]]:
    address = PEERS[connection]
    seen = record(message, source=Endpoint(address, 40000), names=(address,), exact=False, time=START)
    verdict = DECIDER.decide(1, seen)
    assert isinstance(verdict, Verdict) and verdict.from_policy == ""
    return said_by(verdict.decision)


def record_says(entry: Entry) -> tuple[str, tuple[Tier, ...]]:
    """What replay makes of the record that the edge would write of it."""
    (read,) = read_back(lines_of(Decided(0, entry, 1)))
    assert isinstance(read, Record)
    verdict = DECIDER.decide(1, read)
    assert isinstance(verdict, Verdict)
    assert (verdict.zone, verdict.traffic, verdict.method) == (entry.zone, entry.classification.traffic, entry.method)
    return said_by(verdict.decision)


def said_by(decision: Decision) -> tuple[str, tuple[Tier, ...]]:
    if decision.refused:
        return f"{REFUSED} {decision.refused[:3]}", ()
    if decision.decided_by in (CANCELS, THE_EDGE):
        return decision.decided_by, ()
    if decision.decided_by.startswith("rules"):
        return "rules", decision.tiers
    return f"route to {decision.tiers[0].targets[0].zone}", ()


def compare(message: Message, connection: int) -> None:
    assert edge_says(Playbook(SETTINGS), message, connection) == replay_says(message, connection)


@examples(500)
@given(odd_requests(), st.sampled_from([INSIDE, STRANGER]))
def test_replay_says_what_the_edge_does(message: Message, connection: int) -> None:
    compare(message, connection)


@examples(500)
@given(odd_requests(), st.sampled_from([INSIDE, STRANGER]))
def test_replay_makes_the_same_of_the_edges_own_record(message: Message, connection: int) -> None:
    book = Playbook(SETTINGS)
    said = edge_says(book, message, connection)
    assert [record_says(entry) for entry in book.entries] == [said] * len(book.entries)


@pytest.mark.slow
@pytest.mark.timeout(180)
@examples(4000)
@given(odd_requests(), st.sampled_from([INSIDE, STRANGER]))
def test_replay_says_what_the_edge_does_with_thousands(message: Message, connection: int) -> None:
    compare(message, connection)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"extra": ("Proxy-Require: foo",)}, 420),
        ({"cseq": "1 INVITE"}, 400),
        ({"method": "NEGOTIATE"}, 405),
        ({"max_forwards": "x"}, 400),
        ({"max_forwards": "0"}, 483),
        ({"uri": "sip:bob@outside.example?Subject=x"}, 400),
        ({"uri": "tel:+15551234"}, 416),
    ],
)
def test_what_replay_once_forwarded_and_the_edge_refuses(fields: dict[str, Any], status: int) -> None:
    message = request(**fields)
    assert edge_says(Playbook(SETTINGS), message, INSIDE) == replay_says(message, INSIDE) == (f"refused {status}", ())


@pytest.mark.parametrize(
    ("from_", "extra"),
    [
        ("<sip:boss@inside.example>;tag=t", ()),
        ("<sip:ceo@else.example>;tag=t", ()),
        ("<tel:+1555>;tag=t", ()),
        (FROM_STRANGER, ("Proxy-Require: foo",)),
    ],
    ids=["own domain", "another's domain", "no domain", "no matter of From"],
)
def test_a_refusal_is_told_in_the_same_words(from_: str, extra: tuple[str, ...]) -> None:
    """In the Warning, by replay, and by locate, which knows no certificate."""
    settings = with_listed(SETTINGS)
    message = request(from_=from_, extra=extra)
    book = Playbook(settings) >> arrives(message, STRANGER)
    (answer,) = (command for command in book.drain() if isinstance(command, Respond))
    warning = (parse_message(answer.data).first("warning") or "").partition(' "')[2].removesuffix('"')
    verdict = Decider(settings).decide(1, record(message, source=Endpoint(PEERS[STRANGER], 40000), names=()))
    assert isinstance(verdict, Verdict) and verdict.decision.refused == f"{answer.status} {warning}"
    with pytest.raises(NotSearched) as caught:
        query_of(DescribedRequest(source=DEFAULT_ZONE, message=message), settings)
    assert caught.value.refused == verdict.decision.refused


def with_listed(settings: Settings) -> Settings:
    """The Default Zone goes by a list: what it refuses needs no certificate."""
    host = PEERS[STRANGER]
    listed = DefaultZone(from_domain=FromDomain.LIST, from_domains=(host,))
    return replace(settings, zones=(*(zone for zone in settings.zones if zone.name != DEFAULT_ZONE), listed))


@pytest.mark.parametrize("line", [b"", b"Content-Length: 0\r\nContent-Length: 1\r\n", b"Content-Length: x\r\n"])
def test_a_message_without_a_sound_length_is_refused_where_the_wire_shows_it(line: bytes) -> None:
    message = request()
    data = message.to_bytes().replace(b"Content-Length: 0\r\n", line)
    verdict = DECIDER.decide(1, record(data, exact=True, transport="tcp"))
    assert isinstance(verdict, Verdict) and verdict.decision.refused.startswith("400 ")
    verdict = DECIDER.decide(1, record(data, exact=False, transport="tcp"))
    assert isinstance(verdict, Verdict) and verdict.decision.refused == ""
