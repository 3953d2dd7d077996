"""A message on its way from one leg of a call to the other: what makes it a message of the other dialog.

Both parties see the edge as the other user agent: its Via alone, no Record-Route, its Contact, and of each leg its own
Call-ID, tags and CSeq numbers. What a hidden zone does not show beside these (topology/leaks.py) is not shown here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sipedge.sip.message import Message
from sipedge.sip.uri import UriError, parse_uri
from sipedge.sip.values import parse_address, split_commas
from sipedge.topology.border import Border, Outgoing
from sipedge.topology.contacts import HIDDEN_PARAMETERS, Seat, visible_parameters
from sipedge.topology.headers import Handler, composed
from zones.calls import Prack

from . import credentials, identifiers, sessions
from .credentials import proofs
from .dialog import Leg, Way
from .policies import Policies
from .ringing import heard, provisional
from .ringing.provisional import acknowledged_by, is_done_here, is_wanted
from .sessions import REFRESHES, Terms, asked, granted, is_description, note_offer, terms_of
from .table import Dialogs

PREFIX = "b-"
"""Begins the user part of the edge's Contacts; its tag of the leg follows."""
_REFER_ID = re.compile(r"(;\s*id\s*=\s*)(\d+)", re.IGNORECASE)
_RESTORED = ("call-id", "from", "cseq")
_FORMING = range(101, 300)
"""Responses that carry Contact and Record-Route (RFC 3261 12.1.1)."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One request that went from leg to leg, as its responses need it."""

    way: Way
    method: str
    source: str
    target: str
    """Zones."""
    side: str
    """Of the target."""
    seat: Seat
    """The edge as the peers of the source see it."""
    lines: dict[str, bytes]
    """Call-ID, From, To and CSeq as they were received."""
    vias: tuple[bytes, ...]
    record_routes: tuple[bytes, ...]
    """As received: a response that begins a dialog repeats them."""
    hosts: frozenset[str]
    """Of the target's peer."""
    number: int
    """Of its CSeq, on the target's leg."""
    session: int
    """Seconds of the target's session that it is asked for; 0: the edge does not look after it."""
    own_session: int
    """The same of the source's."""
    terms: Terms | None
    """What the source says about its session, where the edge looks after that."""
    acknowledges: bool
    """Whether the edge acknowledges the target's provisional responses itself."""
    rings: bool
    """Whether the source gets provisional responses reliably, from the edge."""


class Crossings:
    """Rewrites what crosses."""

    def __init__(self, border: Border, dialogs: Dialogs, policies: Policies, ids: Callable[[], str]) -> None:
        self._border, self._dialogs, self._policies, self._ids = border, dialogs, policies, ids

    def request(self, out: Outgoing, received: Message, way: Way) -> tuple[bytes, bytes, Passage]:
        """Head and body to send, and what responses need. ``received``: the request as it came."""
        message, leg = out.message, way.target or way.dialog.far
        theirs, method = received.cseq
        number = way.number or leg.number(theirs, method)
        ours, source = self._policies.of(out.target), self._policies.of(way.source.zone)
        own_session = source.session_timer or way.source.interval
        rings = source.prack is Prack.HERE and way.target is None and not way.number and is_wanted(received)
        first = {name: received.lines[received.index[name][0]] for name in (*_RESTORED, "to")}
        passage = Passage(
            way,
            message.method,
            out.source,
            out.target,
            out.at_target.side,
            out.at_source,
            first,
            vias=tuple(message.lines[number] for number in message.index["via"][1:]),
            record_routes=tuple(received.lines[number] for number in received.index.get("record-route", ())),
            hosts=out.target_hosts,
            number=number,
            session=ours.session_timer or (way.target.interval if way.target is not None else 0),
            own_session=own_session,
            terms=terms_of(received) if own_session and method in REFRESHES else None,
            acknowledges=ours.prack is Prack.HERE and (rings or is_done_here(received)),
            rings=rings,
        )
        to_tag = leg.remote_tag if way.target is not None else ""
        changes: dict[str, Handler] = {
            "call-id": lambda value: leg.call_id,
            "from": lambda value: with_tag(value, leg.tag),
            "to": lambda value: with_tag(value, to_tag),
            "cseq": lambda value: f"{number} {method}",
            "contact": lambda value: own_contact(value, leg.tag, out.at_target),
            "record-route": lambda value: None,
            "event": lambda value: _event(value, method, way),
            "rack": lambda value: way.rack or value,
            **identifiers.handlers(lambda identity: self._dialogs.renamed(identity, out.at_source.side)),
        }
        taken, lines = self._added(passage, leg, message.uri)
        changes = composed(changes, *taken)
        head, body = self._border.masked(message, out.source, out.at_target, out.source_hosts, changes)
        head.keep_first("via")
        if lines:
            head.add_behind_first("via", [line.encode("utf-8", "surrogateescape") for line in lines])
        if passage.session and body:
            note_offer(leg, message, body)
        return head.to_bytes(), body, passage

    def _added(self, passage: Passage, leg: Leg, uri: str) -> tuple[list[dict[str, Handler]], list[str]]:
        """What the edge itself has to say to the target, and what is taken out for it."""
        method = passage.method
        taken: list[dict[str, Handler]] = []
        lines: list[str] = []
        supported: list[str] = []
        if method in REFRESHES and (passage.session or passage.terms is not None):
            taken.append(sessions.TAKEN)
            if passage.session:
                lines += asked(leg, passage.session)
                supported.append(sessions.TAG)
        if passage.acknowledges or passage.rings:
            taken.append(provisional.TAKEN)
        if passage.acknowledges:
            supported.append(provisional.RELIABLE)
        if supported:
            lines.append(f"Supported: {', '.join(supported)}")
        credential = self._policies.credentials.get(passage.target)
        if credential is not None:
            taken.append(credentials.TAKEN)
            lines += proofs(leg, credential, method, uri, self._ids())
        return taken, lines

    def response(self, response: Message, passage: Passage) -> Message:
        """A response as the source's leg has it."""
        near, lines = passage.way.source, passage.lines
        changes: dict[str, Handler] = {"record-route": lambda value: None}
        if passage.method in REFRESHES and (passage.session or passage.terms is not None):
            changes = composed(changes, sessions.TAKEN)
        if passage.acknowledges or passage.rings:
            changes = composed(changes, provisional.TAKEN)
        if response.status in _FORMING:
            changes["contact"] = lambda value: own_contact(value, near.tag, passage.seat)
        if (number := _numbered(passage, response)) is not None:
            changes["rseq"] = lambda value: str(number)
        head, body = self._border.masked(response, passage.target, passage.seat, passage.hosts, changes)
        for name in _RESTORED:
            head.replace(name, lines[name])
        to = lines["to"]
        if response.status > 100 and passage.way.target is None:
            to += b";tag=" + near.tag.encode()
        head.replace("to", to)
        forms = response.status in _FORMING and passage.method == "INVITE"
        added = [line.encode() for line in self._granted(passage, response)]
        if passage.acknowledges and (early := _early_answer(passage, response, body)):
            body = early
            head.rewrite({"content-length": lambda value: str(len(early))})
            added.append(b"Content-Type: application/sdp")
        ringing = passage.way.dialog.ringing if passage.rings else None
        numbered = ringing.lines(response) if ringing is not None else ()
        added += [line.encode() for line in numbered]
        head.add_behind_first("via", (*passage.vias, *(passage.record_routes if forms else ()), *added))
        if passage.own_session and body and response.status < 300:
            note_offer(near, response, body)
        message = Message(head.to_bytes(), body)
        if ringing is not None and numbered:
            ringing.sent = message
        return message

    @staticmethod
    def _granted(passage: Passage, response: Message) -> tuple[str, ...]:
        if passage.terms is None or not 200 <= response.status < 300:
            return ()
        return granted(passage.way.source, passage.terms)


def _event(value: str, method: str, way: Way) -> str:
    """The subscription that a REFER begins has that one's CSeq number as its id (RFC 3515 2.4.6): each leg its own."""
    if way.target is None or method not in ("NOTIFY", "SUBSCRIBE") or not value.lower().startswith("refer"):
        return value
    known, other = way.source.refer[::-1] if method == "NOTIFY" else way.target.refer
    return _REFER_ID.sub(lambda found: found[1] + str(other) if found[2] == str(known) else found[0], value)


def _numbered(passage: Passage, response: Message) -> int | None:
    """The RSeq of a callee's response that the caller acknowledges itself."""
    way = passage.way
    if way.target is not None or passage.acknowledges or passage.rings or not 100 < response.status < 200:
        return None
    sequence, invite = acknowledged_by(0, response), way.dialog.far.invite[0]
    if not sequence:
        return None
    known = heard.Response(response.to_tag or "", heard.rack(sequence, passage.number))
    return way.dialog.heard.number(sequence, invite, known)


def _early_answer(passage: Passage, response: Message, body: bytes) -> bytes:
    """What a 2xx without a body has to repeat: to the caller the answer came in an ordinary provisional response."""
    dialog = passage.way.dialog
    leg = dialog.leg_of(response.to_tag or "")
    if leg is None or (dialog.ringing is not None and dialog.ringing.answered_by == leg.remote_tag):
        return b""
    if response.status < 200 and is_description(response):
        leg.early = body
    return leg.early if 200 <= response.status < 300 and not body else b""


def own_contact(value: str, tag: str, seat: Seat) -> str:
    """The edge's Contact in place of a party's, with the parameters that may be seen."""
    items = split_commas(value)
    address = parse_address(items[0]) if items else parse_address("")
    scheme = "sips" if address.uri.lower().startswith("sips:") else "sip"
    transport = "" if scheme == "sips" else f";transport={seat.transport}"
    seen = "".join(f";{parameter}" for parameter in visible_parameters(address.uri))
    kept = "".join(
        f";{name}" if text is None else f";{name}={text}"
        for name, text in address.parameters
        if name not in HIDDEN_PARAMETERS
    )
    return f"<{scheme}:{PREFIX}{tag}@{seat.host_port}{transport}{seen}>{kept}"


def with_tag(value: str, tag: str) -> str:
    """A From or To value with another tag; '': without one."""
    address = parse_address(value)
    others = "".join(
        f";{name}" if text is None else f";{name}={text}" for name, text in address.parameters if name != "tag"
    )
    display = f"{address.display} " if address.display else ""
    return f"{display}<{address.uri}>{others}" + (f";tag={tag}" if tag else "")


def learn(leg: Leg, message: Message) -> bool:
    """Take a party's Contact from a message that may change it (RFC 3261 12.2.1.2); says whether it is another one."""
    contact = message.first("contact")
    target = parse_address(split_commas(contact)[0]).uri if contact else ""
    if target == leg.target or not _is_sip(target):
        return False
    leg.target = target
    return True


def _is_sip(text: str) -> bool:
    try:
        return parse_uri(text).is_sip
    except UriError:
        return False
