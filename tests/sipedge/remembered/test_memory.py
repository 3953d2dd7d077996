"""A verdict that is remembered changes nothing but the time that it takes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.messages import request, subscribe
from support.odd_requests import PLAN, odd_requests
from support.playbook import (
    INSIDE,
    OUTSIDE,
    STRANGER,
    FakeResolver,
    Playbook,
    answers,
    arrives,
    closes_connection,
    federation,
    opens,
)
from support.settings import ZONES, make_settings, with_zone

from sipedge.proxy.commands import Forward
from sipedge.proxy.events import ConfigChanged
from sipedge.settings import Limits, Settings
from sipedge.sip.message import Message
from zones.zone import AuthenticationPolicy, DefaultZone, FromDomain, Topology

FEW = 2
"""Verdicts in the memory, so that old ones have to give way."""
EVENTS = st.sampled_from(
    (
        (),
        ("Event: presence",),
        ("o: Presence",),
        ("Event: dialog",),
        ("Event: dialog", "User-Agent: UCCAPI/16.0"),
        ("Event: presence", "Event: dialog"),
        ("P-Asserted-Identity: <sip:mallory@elsewhere.example>",),
        ("Proxy-Require: ms-benotify",),
    )
)
POLICIES = st.sampled_from(AuthenticationPolicy)
TOPOLOGIES = st.sampled_from(Topology)


@st.composite
def requests(draw: st.DrawFn) -> Message:
    """Odd ones, and sound ones of few kinds, which come again."""
    if draw(st.booleans()):
        return draw(odd_requests())
    method = draw(st.sampled_from(("MESSAGE", "SERVICE", "SUBSCRIBE", "NOTIFY", "PUBLISH", "BENOTIFY")))
    uri = draw(st.sampled_from(("sip:bob@outside.example", "sip:alice@inside.example", "sip:nobody@nowhere.example")))
    sender = draw(st.sampled_from(("<sip:a@inside.example>;tag=1", "<sip:b@outside.example>;tag=2", '"x" <sip:c@d.e>')))
    return request(method, uri, from_=sender, extra=draw(EVENTS), max_forwards=draw(st.sampled_from(("70", "9", "0"))))


@st.composite
def worlds(draw: st.DrawFn) -> Settings:
    policy, trust, kind = draw(POLICIES), draw(st.booleans()), draw(st.sampled_from(FromDomain))
    changed = {"authentication_policy": policy, "authentication_trust": trust, "from_domain": kind}
    shown = with_zone(ZONES, "Outside", topology=draw(TOPOLOGIES))
    zones = (
        *with_zone(shown, "Inside", topology=draw(TOPOLOGIES), **changed),
        DefaultZone(from_domain=kind, authentication_policy=policy),
    )
    return make_settings(PLAN, zones)


def with_memory(settings: Settings, size: int) -> Playbook:
    found = FakeResolver(federation("d.e", "192.0.2.44"))
    return Playbook(replace(settings, limits=replace(Limits(), remembered=size)), resolver=found)


def told(book: Playbook, message: Message, connection: int, status: int) -> list[Any]:
    """What the edge does with a request, with its answer and with the history."""
    book >> arrives(message, connection)
    said = list(book.drain())
    for command in said.copy():
        if isinstance(command, Forward):
            leg = Message(command.head, command.body)
            book >> answers(_leg(command, leg), status)
            said += book.drain()
    entries = [(entry.to_json(), entry.explanation) for entry in book.entries]
    concluded = [entry.to_json() for entry in book.concluded]
    log = [(line.level, line.text, line.source) for line in book.log]
    return [*said, entries, concluded, log, book.proxy.requests_refused(), book.proxy.kept()]


def _leg(command: Forward, message: Message) -> Any:
    class Sent:
        branch, hop = command.branch, command.hop

    Sent.message = message  # type: ignore[attr-defined]
    return Sent


@examples(150)
@given(
    worlds(),
    st.lists(
        st.tuples(requests(), st.sampled_from((INSIDE, OUTSIDE, STRANGER)), st.sampled_from((200, 404, 503))),
        max_size=8,
    ),
    st.integers(0, 8),
)
def test_the_same_is_said_with_and_without_memory(
    world: Settings, came: list[tuple[Message, int, int]], reload_at: int
) -> None:
    books = with_memory(world, FEW), with_memory(world, 0)
    for number, (message, connection, status) in enumerate((*came, *came)):  # all that came comes again
        if number == reload_at:
            for book in books:
                book >> ConfigChanged(replace(book.proxy._installation.settings, domains=("d.e",)))
                book.drain()
        one, other = (told(book, message, connection, status) for book in books)
        assert one == other
    assert books[1].proxy.memory.asked == 0
    assert len(books[0].proxy.memory) <= FEW


def hits(book: Playbook, message: Message, connection: int = INSIDE) -> int:
    """Verdicts that were found when a request came twice."""
    before = book.proxy.memory.hits
    for _ in range(2):
        book >> arrives(message, connection)
        book.drain()
    return book.proxy.memory.hits - before


def test_a_message_to_the_same_address_is_decided_about_once() -> None:
    book = with_memory(make_settings(), 10)
    assert hits(book, request()) == 1
    another = request(from_="<sip:carol@inside.example>;tag=carol", call_id="call-2", cseq="9 MESSAGE")
    assert hits(book, another) == 2
    assert hits(book, request(uri="sip:carol@outside.example")) == 1
    assert (book.proxy.memory.asked, len(book.proxy.memory)) == (6, 2)


def test_what_may_depend_on_more_is_decided_about_each_time() -> None:
    book = with_memory(make_settings(), 10)
    assert hits(book, subscribe()) == 1
    assert hits(book, subscribe(extra=("Event: dialog",))) == 0  # by other headers it may be Microsoft's
    assert hits(book, request("INVITE")) == 0
    assert hits(book, request(routes=("<sip:proxy.outside.example;lr>",))) == 0
    assert hits(book, request(uri="sip:" + "x" * 1200 + "@outside.example")) == 0
    assert hits(book, request(max_forwards="0")) == 0


def test_of_a_hidden_zone_what_is_sealed_is_read_each_time() -> None:
    book = with_memory(make_settings(zones=with_zone(ZONES, "Inside", topology=Topology.HIDDEN)), 10)
    assert hits(book, request()) == 1
    book >> arrives(request(extra=("Contact: <sip:alice@192.0.2.10:5061>",)), INSIDE)
    (forward,) = (command for command in book.drain() if isinstance(command, Forward))
    (contact,) = Message(forward.head).items("contact")
    assert hits(book, request(uri=contact.strip("<>"), from_="<sip:b@outside.example>;tag=2"), OUTSIDE) == 0


def test_a_loop_is_found_although_its_verdict_is_remembered() -> None:
    book = with_memory(make_settings(), 10)
    assert hits(book, request()) == 1
    book >> arrives(request(), INSIDE)
    (forward,) = (command for command in book.drain() if isinstance(command, Forward))
    sent = Message(forward.head, forward.body)
    again = request(via=tuple(sent.items("via")), from_=sent.first("from") or "", call_id=sent.call_id)
    book >> arrives(again, INSIDE)
    (refused,) = book.drain()
    assert refused.status == 482  # type: ignore[union-attr]


def test_what_the_dns_has_said_holds_for_a_while_only_and_is_asked_again() -> None:
    zones = (*ZONES, DefaultZone(from_domain=FromDomain.CERTIFICATE))
    book = with_memory(make_settings(PLAN, zones), 10)
    asked = request(uri="sip:bob@odd.example", from_="<sip:c@d.e>;tag=1")
    assert hits(book, asked, STRANGER) == 0
    assert hits(book, request(uri="sip:bob@odd.example", from_="<sip:m@198.51.100.99>;tag=1"), STRANGER) == 1


def test_a_stranger_with_another_certificate_is_judged_anew() -> None:
    zones = (*ZONES, DefaultZone(from_domain=FromDomain.CERTIFICATE))
    book = with_memory(make_settings(PLAN, zones), 10)
    asked = request(uri="sip:bob@odd.example", from_="<sip:m@198.51.100.99>;tag=1")
    assert hits(book, asked, STRANGER) == 1
    book >> closes_connection(STRANGER) >> opens(9, "198.51.100.98")
    book.drain()
    assert hits(book, asked, 9) == 0
