"""Replay says what the edge does: odd requests go through the core and through replay, and come out decided alike."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.messages import CALLER_VIA, request
from support.playbook import FROM_STRANGER, INSIDE, STRANGER, Playbook, arrives
from support.settings import EDGE, INSIDE_PEER, RULES, SECRET, ZONES, make_settings, rule, with_zone
from support.tapped import lines_of, read_back
from support.traces import record

from dialplan.model import Tier
from sipedge.decision.deciding import CANCELS, REFUSED
from sipedge.decision.deciding import EDGE as THE_EDGE
from sipedge.decision.record_route import TokenKey, ZonePair
from sipedge.decision.validation import POISON, loop_hash
from sipedge.proxy.history import Entry
from sipedge.replay.decider import Decider
from sipedge.replay.verdict import Decision, Verdict
from sipedge.sip.message import Message
from sipedge.tap.items import Decided
from sipedge.traces.records.record import Endpoint, Record
from zones.zone import DefaultZone

PLAN = RULES + rule("strangers", "Inside", r".*@odd\.example.*", source_zone='"Default Zone"', priority="7")
SETTINGS = make_settings(PLAN, with_zone((*ZONES, DefaultZone(preloaded_routes=False)), "Outside", poison=True))
DECIDER = Decider(SETTINGS)
KEY = TokenKey(SECRET, ("Inside", "Outside", "Default Zone"))
PEERS = {INSIDE: INSIDE_PEER, STRANGER: "198.51.100.99"}

URIS = (
    "sip:bob@outside.example",
    "sips:bob@outside.example",
    "sip:bob@inside.example;maddr=203.0.113.1",
    "sip:bob@odd.example:5061;transport=tls",
    "sip:nobody@nowhere.example",
    "sip:bob@outside.example?Subject=x",
    f"sip:{EDGE}:5061",
    f"sip:alice@{EDGE}",
    "tel:+15551234",
    "urn:service:sos",
    "sip:",
    "sip:a@b@c",
    "sip:bob@[2001:db8::1",
    "bob",
)
METHODS = ("MESSAGE", "INVITE", "ACK", "BENOTIFY", "CANCEL", "OPTIONS", "NEGOTIATE", "SUBSCRIBE", "SERVICE", "x-odd")
TOKENS = tuple(
    KEY.mint(ZonePair(here, there), call_id, "alice-tag")
    for here, there in (("Inside", "Outside"), ("Outside", "Inside"), ("Default Zone", "Inside"))
    for call_id in ("call-1", "call-2")
)
ROUTES = (
    *(f"<sip:{token}@{EDGE}:5061;lr>" for token in TOKENS),
    f"<sip:{EDGE}:5061;lr>",
    "<sip:proxy.outside.example;lr>",
    "<sip:strict.outside.example>",
    "<tel:+1>",
    "<nonsense>",
    "",
)
FROMS = ("<sip:alice@inside.example>;tag=alice-tag", FROM_STRANGER)
VIAS = (
    "SIP/2.0/TLS far.example;branch=z9hG4bK9",
    f"SIP/2.0/TLS {EDGE}:5061;branch=z9hG4bKid7.{'0' * 12}",
    f"SIP/2.0/TLS {EDGE}:5061;branch=z9hG4bKid7.{'0' * 12}{POISON}",
    "SIP/2.0 nothing",
    "SIP/2.0/TLS",
)


@st.composite
def odd_requests(draw: st.DrawFn) -> Message:
    """Mostly whole requests with one or more things in them that some check is about."""
    odd = st.integers(0, 3).map(lambda number: number == 0)
    method = draw(st.sampled_from(METHODS))
    uris = URIS if draw(odd) else URIS[:5]
    fields: dict[str, Any] = {"uri": draw(st.sampled_from(uris)), "from_": draw(st.sampled_from(FROMS))}
    if draw(odd):
        fields["max_forwards"] = draw(st.sampled_from((None, "0", "1", "x", "256", "")))
    if draw(odd):
        fields["cseq"] = draw(st.sampled_from((f"2 {method}", "1 INVITE", "x", "99999999999 MESSAGE", f"1 {method} x")))
    if draw(odd):
        fields["extra"] = (f"Proxy-Require: {draw(st.sampled_from(('ms-benotify', 'foo', 'ms-benotify, bar', '')))}",)
    if draw(odd):
        fields["to"] = draw(st.sampled_from(("<sip:bob@outside.example>;tag=bob-tag", "nonsense", "")))
    if draw(odd):
        fields["from_"] = draw(
            st.sampled_from(
                ("<sip:a@inside.example>", "<tel:1>;tag=alice-tag", "<sip:a@198.51.100.99.>", "nonsense", "")
            )
        )
    if draw(odd):
        fields["routes"] = draw(st.lists(st.sampled_from(ROUTES), min_size=1, max_size=3).map(tuple))
    if draw(odd):
        fields["via"] = (*draw(st.lists(st.sampled_from(VIAS), min_size=1, max_size=3)), CALLER_VIA)
    message = request(method, **fields)
    if draw(odd):  # a second visit: the hash of the request as it stands
        loop = loop_hash(message, draw(st.sampled_from(("Inside", "Default Zone"))), SECRET)
        fields["via"] = (f"SIP/2.0/TLS {EDGE}:5061;branch=z9hG4bKid7.{loop}", CALLER_VIA)
        message = request(method, **fields)
    return message


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
    verdict = DECIDER.decide(1, record(message, source=Endpoint(address, 40000), names=(address,)))
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


@pytest.mark.parametrize("line", [b"", b"Content-Length: 0\r\nContent-Length: 1\r\n", b"Content-Length: x\r\n"])
def test_a_message_without_a_sound_length_is_refused_where_the_wire_shows_it(line: bytes) -> None:
    message = request()
    data = message.to_bytes().replace(b"Content-Length: 0\r\n", line)
    verdict = DECIDER.decide(1, record(data, exact=True, transport="tcp"))
    assert isinstance(verdict, Verdict) and verdict.decision.refused.startswith("400 ")
    verdict = DECIDER.decide(1, record(data, exact=False, transport="tcp"))
    assert isinstance(verdict, Verdict) and verdict.decision.refused == ""
