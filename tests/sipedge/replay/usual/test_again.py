"""A request like one before gets the verdict that it would get as the first of its kind."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.messages import notify, request, subscribe
from support.odd_requests import PLAN, Place, odd_requests
from support.settings import EDGE, INSIDE_PEER, ZONES, make_settings, with_zone
from support.traces import STRANGER, record

from sipedge.replay.decider import Decider
from sipedge.replay.verdict import Verdict
from sipedge.sip.message import Message, parse_message
from sipedge.sip.values import MessageError
from sipedge.traces.records.record import Direction, Endpoint, Record
from zones.zone import AuthenticationPolicy, DefaultZone, FromDomain

ALL = (*ZONES, DefaultZone())
DECIDERS = [
    Decider(make_settings(PLAN, zones))
    for zones in (
        ALL,
        (*ZONES, DefaultZone(from_domain=FromDomain.CERTIFICATE)),
        with_zone(ALL, "Inside", from_domain=FromDomain.LIST, from_domains=("inside.example",)),
        with_zone(ALL, "Inside", authentication_policy=AuthenticationPolicy.TREAT_AS_AUTHENTICATED),
    )
]
PIECES = [b"@", b":", b"<", b">", b'"', b";", b",", b"\r\n", b"\r\n ", b"\r", b"\n", b"\t", b" ", b"\\", b"\xff", b"0"]
LINES = [
    b"Via: SIP/2.0/TLS a.example",
    b"Via: SIP/2.0/TLS a.example;branch=1, SIP/2.0/TLS 203.0.113.1:5061;branch=z9hG4bKx.000000000000p",
    b"X-Other: a\nb", b"Subscription-State: a\rb", b"From: <sip:a@inside.example>;\n",
    b"Via: SIP/2.0/TLS 203.0.113.1:5061;branch=z9hG4bK.000000000000p", b"v: x",
    b'From: "A, <b>" <sip:a@b.example>;tag=1', b'From: "A" <sip:a@c.example>', b"f: Ann B <sip:a@inside.example>;x",
    b"From: sip:a@b.example", b"To: <sip:x@y>;epid=1;tag=2", b"To: <sip:x@y>;tag=", b'To: <sip:x@y>;a=">";tag=2',
    b"Call-ID: ", b"Call-ID:  x y ", b"CSeq:  1 MESSAGE", b"CSeq: 2147483648 MESSAGE", b"CSeq: 1 NOTIFY",
    b"Max-Forwards: 0", b"Max-Forwards: 070", b"Max-Forwards: 99 ", b"Max-Breadth: x", b"Content-Length: x",
    b"Record-Route: <sip:a.example;lr>", b"Record-Route: <x>", b"Record-Route: <sip:a>, b", b"Event: dialog",
    b"Event: presence ; x", b"Proxy-Require: x", b"P-Asserted-Identity: <sip:a@b.example>", b"X-Other: ,;\"<>",
    b"Route: <sip:203.0.113.1:5061;lr>", b"", b"nothing", b" folded",
]  # fmt: skip
SOUND = [
    request().to_bytes(),
    request(
        extra=("Record-Route: <sip:a.example;lr>", "X-Other: 1"), via=("SIP/2.0/TCP b.example", Place().caller)
    ).to_bytes(),
    subscribe(from_='"Ann" <sip:ann@inside.example>;tag=9').to_bytes(),
    notify().to_bytes(),
]
ENDS = [
    (INSIDE_PEER, EDGE, Direction.RECEIVED),
    (STRANGER, EDGE, Direction.UNKNOWN),
    (EDGE, STRANGER, Direction.SENT),
]


@st.composite
def _nearly_sound(draw: st.DrawFn) -> bytes:
    """Nearly all have the header names of one of SOUND, in its order."""
    head, _, body = draw(st.sampled_from(SOUND)).partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    for line in draw(st.lists(st.sampled_from(LINES), min_size=1, max_size=2)):
        same = [number for number, old in enumerate(lines) if old.partition(b":")[0] == line.partition(b":")[0]]
        if same:
            lines[draw(st.sampled_from(same))] = line
        elif draw(st.integers(0, 9)) == 0:
            lines.insert(draw(st.integers(1, len(lines))), line)
    head = b"\r\n".join(lines)
    for _ in range(draw(st.integers(0, 3)) // 2):
        place = draw(st.integers(0, len(head)))
        head = head[:place] + draw(st.sampled_from(PIECES)) + head[place + draw(st.integers(0, 1)) :]
    return head + b"\r\n\r\n" + body


def _anew(decider: Decider, seen: Record) -> Verdict | None:
    """None where it cannot be read, or is no request."""
    try:
        message = parse_message(seen.data)
    except MessageError:
        return None
    return decider.verdict(7, seen, message) if message.is_request else None


def _same(decider: Decider, seen: Record) -> None:
    tail = decider.tail_again(seen)
    found, anew = decider.decide(7, seen), _anew(decider, seen)
    if anew is None:
        assert tail is None and not isinstance(found, Verdict)
        return
    assert isinstance(found, Verdict)
    assert found == anew and found.tail() == anew.tail() and tail in (None, anew.tail())


def _as_record(data: bytes, ends: tuple[str, str, Direction], exact: bool, names: tuple[str, ...] | None) -> Record:
    source, destination, direction = ends
    return record(
        data,
        source=Endpoint(source, 40_000),
        destination=Endpoint(destination, 5061),
        direction=direction,
        exact=exact,
        names=names,
    )


RECORDS = st.builds(
    _as_record,
    st.integers(0, 3).flatmap(lambda number: _nearly_sound() if number else odd_requests().map(Message.to_bytes)),
    st.sampled_from(ENDS),
    st.booleans(),
    st.sampled_from((None, (), ("inside.example",), (INSIDE_PEER,))),
)


@examples(1500)
@given(st.integers(0, len(DECIDERS) - 1), RECORDS)
def test_it_is_the_same_as_anew(number: int, seen: Record) -> None:
    """The deciders go on from one example to the next, so that nearly all have seen a request like this."""
    for data, ends in product(SOUND, ENDS):
        DECIDERS[number].decide(1, seen._replace(data=data, source=Endpoint(ends[0], 40_000)))
    _same(DECIDERS[number], seen)


@pytest.mark.parametrize("number", range(len(DECIDERS)))
def test_every_odd_line_in_the_place_of_a_sound_one_is_decided_as_anew(number: int) -> None:
    decider = DECIDERS[number]
    for data, ends, line in product(SOUND, ENDS, LINES):
        lines = data.split(b"\r\n")
        for place, old in enumerate(lines):
            if old and old.partition(b":")[0] == line.partition(b":")[0]:
                _same(decider, _as_record(data, ends, True, None))
                odd = b"\r\n".join([*lines[:place], line, *lines[place + 1 :]])
                _same(decider, _as_record(odd, ends, True, None))


@pytest.mark.parametrize("data", SOUND, ids=["message", "more lines", "subscribe", "notify"])
def test_a_sound_request_is_read_once_only(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    decider = Decider(make_settings(PLAN, ALL))
    first = decider.decide(1, record(data))
    monkeypatch.setattr(decider, "verdict", None)
    another = data.replace(b"call-1", b"call-2").replace(b"z9hG4bK", b"z9hG4bKanother")
    seen = record(another, source=Endpoint(INSIDE_PEER, 40_001), time=1.5)
    found = decider.decide(2, seen)
    assert isinstance(first, Verdict) and isinstance(found, Verdict)
    assert (found.index, found.call_id, found.source, found.time) == (2, "call-2", f"{INSIDE_PEER}:40001", 1.5)
    assert found.decision is first.decision and decider.tail_again(seen) == found.tail()
