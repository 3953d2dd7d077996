"""Two user agents and a b2bua edge between them: what each of them knows of its own dialog with the edge."""

from __future__ import annotations

from dataclasses import dataclass, field

from sipedge.settings import Settings
from sipedge.sip.message import Message
from zones.zone import AnyZone, Topology

from .messages import SDP_IM, answer_to, request
from .playbook import INSIDE, OUTSIDE, Call, Captured, Leg, Playbook, answers_with, arrives, forwards, responds, sends
from .settings import RULES, ZONES, make_settings, with_zone


def b2bua(
    *names: str, rules: str = RULES, zones: tuple[AnyZone, ...] = ZONES, keys: dict[str, object] | None = None,
    **fields: object,
) -> Settings:  # fmt: skip
    """Settings in which these zones are b2bua zones, with ``keys`` of a zone."""
    for name in names or ("Inside",):
        zones = with_zone(zones, name, topology=Topology.B2BUA, **(keys or {}))
    return make_settings(rules, zones, **fields)


@dataclass
class End:
    """One user agent. ``remote_tag`` and ``target`` are the edge's, as this side sees it."""

    user: str
    domain: str
    zone: str
    connection: int
    call_id: str = ""
    tag: str = ""
    remote_tag: str = ""
    remote: str = ""
    """The address of record of the other party, without a tag."""
    target: str = ""
    cseq: int = 0
    seen: list[Message] = field(default_factory=list)

    @property
    def contact(self) -> str:
        return f"<sip:{self.user}@phone.{self.zone.lower()}.local:5071;transport=tls>"

    @property
    def address(self) -> str:
        return f"<sip:{self.user}@{self.domain}>"

    def request(self, method: str, *, number: int = 0, extra: tuple[str, ...] = (), body: bytes = b"") -> Message:
        """A request of its dialog; ``number``: of its CSeq, 0: the next one."""
        self.cseq = self.cseq if number else self.cseq + 1
        via = f"SIP/2.0/TLS phone.{self.zone.lower()}.local;branch=z9hG4bK{self.user}{self.cseq}{method}"
        return request(
            method, self.target or self.remote[1:-1], via=via, from_=f"{self.address};tag={self.tag}",
            to=self.remote + (f";tag={self.remote_tag}" if self.remote_tag else ""), call_id=self.call_id,
            cseq=f"{number or self.cseq} {method}", extra=(f"Contact: {self.contact}", *extra), body=body,
        )  # fmt: skip

    def answer(self, sent: Message, status: int, *, tag: str = "", extra: tuple[str, ...] = ()) -> Message:
        """To a request that came to it."""
        return answer_to(sent, status, tag=tag or self.tag, contact=self.contact, extra=extra)

    def learn(self, message: Message) -> None:
        """Its dialog with the edge, from the edge's INVITE or from an answer of it."""
        self.call_id = message.call_id
        self.remote_tag = (message.from_tag if message.is_request else message.to_tag) or ""
        self.target = uri_of(message) or self.target


def uri_of(message: Message) -> str:
    """Of its Contact."""
    return (message.first("contact") or "").partition("<")[2].partition(">")[0]


@dataclass
class Conversation:
    """A call through a book's edge, as far as it has come."""

    book: Playbook
    caller: End
    callee: End
    call: Call
    leg: Leg
    """The INVITE to the callee."""

    def answered(self, *, extra: tuple[str, ...] = ()) -> Conversation:
        """200."""
        told = Captured()
        answer = self.callee.answer(self.leg.message, 200, extra=extra)
        self.book >> answers_with(self.leg, answer, connection=self.callee.connection)
        self.book << responds(200, to=self.call, told=told)
        self.caller.learn(told.message)
        self.caller.seen.append(told.message)
        return self

    def acknowledged(self) -> Conversation:
        """ACK."""
        sent = Captured()
        self.book >> arrives(self.caller.request("ACK", number=1), self.caller.connection)
        self.book << sends(self.callee.zone, sent)
        assert sent.message.uri == self.callee.contact[1:-1]
        assert (sent.message.call_id, sent.message.cseq) == (self.callee.call_id, (1, "ACK"))
        self.callee.seen.append(sent.message)
        return self

    def passes(self, sender: End, method: str, status: int = 200, extra: tuple[str, ...] = ()) -> Message:
        """A request of one party that the other one answers; what the other one got."""
        leg, told = Leg(), Captured()
        other = self.callee if sender is self.caller else self.caller
        sent = sender.request(method, extra=extra)
        self.book >> arrives(sent, sender.connection)
        if method == "INVITE":
            self.book << responds(100)
        self.book << forwards(leg, other.zone, uri=other.contact[1:-1], method=method, call_id=other.call_id)
        self.book >> answers_with(leg, other.answer(leg.message, status), connection=other.connection)
        self.book << responds(status, told=told)
        assert (told.message.call_id, told.message.cseq) == (sender.call_id, sent.cseq)
        assert (told.message.first("from"), told.message.first("to")) == (sent.first("from"), sent.first("to"))
        assert told.message.items("via")[0].startswith(sent.items("via")[0])
        sender.seen.append(told.message)
        other.seen.append(leg.message)
        return leg.message


def called(book: Playbook, *, extra: tuple[str, ...] = (), body: bytes = SDP_IM, turned: bool = False) -> Conversation:
    """An INVITE that was sent on. ``turned``: bob, outside, calls alice."""
    alice = End("alice", "inside.example", "Inside", INSIDE, tag="alice-tag")
    bob = End("bob", "outside.example", "Outside", OUTSIDE, tag="bob-tag")
    alice.remote, bob.remote = bob.address, alice.address
    caller, callee = (bob, alice) if turned else (alice, bob)
    caller.call_id = f"call@phone.{caller.zone.lower()}.local"
    call, leg = Call(), Leg()
    kind = ("Content-Type: application/sdp",) if body else ()
    book >> arrives(caller.request("INVITE", extra=(*kind, *extra), body=body), caller.connection, call)
    book << responds(100) << forwards(leg, callee.zone)
    callee.learn(leg.message)
    callee.seen.append(leg.message)
    return Conversation(book, caller, callee, call, leg)


def talking(book: Playbook, **fields: object) -> Conversation:
    """A call with its 200 and ACK."""
    return called(book, **fields).answered().acknowledged()  # type: ignore[arg-type]
