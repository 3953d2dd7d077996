"""Whole dialogs across the border of hidden zones: what each side sees, and that all finds its way."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from support.messages import SDP_IM, answer_to, request
from support.playbook import (
    INSIDE,
    OUTSIDE,
    Captured,
    Leg,
    Play,
    Playbook,
    answers_with,
    arrives,
    forwards,
    responds,
    sends,
)
from support.settings import ZONES, make_settings, with_zone

from sipedge.sip.message import Message
from zones.zone import Topology

COMBINATIONS = [(), ("Inside",), ("Outside",), ("Inside", "Outside")]
METHODS = ["BYE", "INFO", "UPDATE", "NOTIFY", "MESSAGE"]


@dataclass
class Party:
    """A user agent behind a proxy of its own, and what it knows of its dialog."""

    user: str
    domain: str
    zone: str
    connection: int
    canary: str
    """A text that stands in every host of its side."""
    call_id: str = ""
    target: str = ""
    """The Contact of the other party."""
    routes: tuple[str, ...] = ()
    seen: list[Message] = field(default_factory=list)
    """All that its side got."""

    @property
    def contact(self) -> str:
        return f"sip:{self.user}@phone.{self.canary}.local:5071;transport=tls;gr=urn:x"

    @property
    def proxies(self) -> tuple[str, ...]:
        """Record-Route values of two proxies, the last one on top."""
        return f"<sip:p2.{self.canary}.local;lr>", f'"x, y" <sip:p1.{self.canary}.local:5099;lr;x="a;b">;q=1'

    @property
    def address(self) -> str:
        return f"<sip:{self.user}@{self.domain}>;tag={self.user}-tag"


def parties() -> tuple[Party, Party]:
    return (
        Party("alice", "inside.example", "Inside", INSIDE, "canary-in"),
        Party("bob", "outside.example", "Outside", OUTSIDE, "canary-out"),
    )


def message_of(method: str, sender: Party, other: Party, uri: str, dialog: bool, **fields: object) -> Message:
    vias = tuple(
        f"SIP/2.0/TLS {host}.{sender.canary}.local;branch=z9hG4bK{host}{method}" for host in ("p2", "p1", "phone")
    )
    extra = (
        *(f"Record-Route: {value}" for value in sender.proxies),
        f'Contact: <{sender.contact}>;+sip.instance="<urn:{sender.canary}>";isfocus',
        f"User-Agent: {sender.canary}/1",
        f"X-Trace: from {sender.canary}.local, via phone.{sender.canary}.local",
        f"P-Charging-Vector: icid-value={sender.canary}",
        "Content-Type: application/sdp",
    )
    to = other.address if dialog else f"<sip:{other.user}@{other.domain}>"
    return request(
        method, uri, via=vias, from_=sender.address, to=to, call_id=sender.call_id, extra=extra,
        routes=sender.routes if dialog else (),
        body=SDP_IM.replace(b"192.0.2.10", f"phone.{sender.canary}.local".encode()), **fields,  # type: ignore[arg-type]
    )  # fmt: skip


def answer_of(leg: Leg, callee: Party) -> Message:
    answer = answer_to(
        leg.message, 200, tag=f"{callee.user}-tag", contact=f"<{callee.contact}>",
        extra=(f"Server: {callee.canary}/2", f'Warning: 399 p1.{callee.canary}.local "text {callee.canary}"',
               f'ms-diagnostics: 1008;reason="x";source="fe.{callee.canary}.local"'),
    )  # fmt: skip
    at = min(answer.index.get("record-route", (answer.index["from"][0],)))
    lines = [
        *answer.lines[:at],
        *(f"Record-Route: {value}".encode() for value in callee.proxies[::-1]),
        *answer.lines[at:],
    ]
    return Message(b"\r\n".join(lines) + b"\r\n\r\n")


def begin(book: Playbook, caller: Party, callee: Party) -> Message:
    """INVITE, 200, ACK; each party then knows its dialog. Gives the INVITE."""
    leg, told = Leg(), Captured()
    caller.call_id = f"id@phone.{caller.canary}.local"
    call = message_of("INVITE", caller, callee, f"sip:{callee.user}@{callee.domain}", dialog=False)
    book >> arrives(call, caller.connection) << responds(100) << forwards(leg, callee.zone)
    callee.seen.append(leg.message)
    callee.call_id, callee.target = leg.message.call_id, uri_of(leg.message)
    callee.routes = (*callee.proxies, *leg.message.items("record-route"))
    book >> answers_with(leg, answer_of(leg, callee), connection=callee.connection) << responds(200, told=told)
    caller.seen.append(told.message)
    assert told.message.call_id == caller.call_id
    assert told.message.items("via") == call.items("via")[:1] + call.items("via")[1:] or "received" in str(
        told.message.items("via")[0]
    )
    caller.target, caller.routes = uri_of(told.message), tuple(reversed(told.message.items("record-route")))
    caller.routes = caller.routes[len(caller.proxies) :]  # its own proxies have taken theirs off
    callee.routes = callee.routes[len(callee.proxies) :]
    ack, sent = message_of("ACK", caller, callee, caller.target, dialog=True), Captured()
    book >> arrives(ack, caller.connection) << sends(callee.zone, sent)
    check_arrived(sent.message, ack, caller, callee)
    return call


def uri_of(message: Message) -> str:
    return (message.first("contact") or "").partition("<")[2].partition(">")[0]


def check_arrived(got: Message, sent: Message, sender: Party, receiver: Party) -> None:
    """It is what the receiver's side needs: its own Contact, its own proxies' Route, its Call-ID."""
    receiver.seen.append(got)
    assert got.uri == receiver.contact
    assert got.items("route") == [*receiver.proxies]
    assert got.call_id == receiver.call_id
    assert (got.first("from"), got.first("to"), got.cseq) == (sent.first("from"), sent.first("to"), sent.cseq)


def check_nothing_leaks(hidden: tuple[str, ...], *both: Party) -> None:
    for sees, other in (both, both[::-1]):
        for message in sees.seen if other.zone in hidden else ():
            shown = message.head.decode().lower() + message.body.decode().lower()
            own_lines = [line for line in shown.split("\r\n") if other.canary in line]
            assert own_lines == []


@pytest.mark.parametrize("hidden", COMBINATIONS)
@pytest.mark.parametrize("turned", [False, True])
def test_a_dialog_goes_on_in_both_directions(play: Play, hidden: tuple[str, ...], turned: bool) -> None:
    zones = ZONES
    for name in hidden:
        zones = with_zone(zones, name, topology=Topology.HIDDEN)
    book = play(make_settings(zones=zones))
    caller, callee = parties()[::-1] if turned else parties()
    begin(book, caller, callee)
    for sender, receiver in ((caller, callee), (callee, caller)):
        for method in METHODS:
            leg, told = Leg(), Captured()
            within = message_of(method, sender, receiver, sender.target, dialog=True)
            book >> arrives(within, sender.connection) << forwards(leg, receiver.zone)
            check_arrived(leg.message, within, sender, receiver)
            (
                book
                >> answers_with(leg, answer_of(leg, receiver), connection=receiver.connection)
                << responds(200, told=told)
            )
            assert told.message.call_id == sender.call_id
            sender.seen.append(told.message)
    check_nothing_leaks(hidden, caller, callee)
