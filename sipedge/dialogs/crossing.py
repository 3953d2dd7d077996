"""A message on its way from one leg of a call to the other: what makes it a message of the other dialog.

Both parties see the edge as the other user agent: its Via alone, no Record-Route, its Contact, and of each leg its own
Call-ID, tags and CSeq numbers. What a hidden zone does not show beside these (topology/leaks.py) is not shown here.
"""

from __future__ import annotations

from dataclasses import dataclass

from sipedge.sip.message import Message
from sipedge.sip.uri import UriError, parse_uri
from sipedge.sip.values import parse_address, split_commas
from sipedge.topology.border import Border, Outgoing
from sipedge.topology.contacts import HIDDEN_PARAMETERS, Seat, visible_parameters
from sipedge.topology.headers import Handler

from . import identifiers
from .dialog import Leg, Way
from .table import Dialogs

PREFIX = "b-"
"""Begins the user part of the edge's Contacts; its tag of the leg follows."""
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


class Crossings:
    """Rewrites what crosses."""

    def __init__(self, border: Border, dialogs: Dialogs) -> None:
        self._border, self._dialogs = border, dialogs

    def request(self, out: Outgoing, received: Message, way: Way) -> tuple[bytes, bytes, Passage]:
        """Head and body to send, and what responses need. ``received``: the request as it came."""
        message, leg = out.message, way.target or way.dialog.far
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
        )
        theirs, method = received.cseq
        number = way.number or leg.number(theirs, method)
        to_tag = leg.remote_tag if way.target is not None else ""
        changes: dict[str, Handler] = {
            "call-id": lambda value: leg.call_id,
            "from": lambda value: with_tag(value, leg.tag),
            "to": lambda value: with_tag(value, to_tag),
            "cseq": lambda value: f"{number} {method}",
            "contact": lambda value: own_contact(value, leg.tag, out.at_target),
            "record-route": lambda value: None,
            **identifiers.handlers(lambda identity: self._dialogs.renamed(identity, out.at_source.side)),
        }
        head, body = self._border.masked(message, out.source, out.at_target, out.source_hosts, changes)
        head.keep_first("via")
        return head.to_bytes(), body, passage

    def response(self, response: Message, passage: Passage) -> Message:
        """A response as the source's leg has it."""
        near, lines = passage.way.source, passage.lines
        changes: dict[str, Handler] = {"record-route": lambda value: None}
        if response.status in _FORMING:
            changes["contact"] = lambda value: own_contact(value, near.tag, passage.seat)
        head, body = self._border.masked(response, passage.target, passage.seat, passage.hosts, changes)
        for name in _RESTORED:
            head.replace(name, lines[name])
        to = lines["to"]
        if response.status > 100 and passage.way.target is None:
            to += b";tag=" + near.tag.encode()
        head.replace("to", to)
        forms = response.status in _FORMING and passage.method == "INVITE"
        head.add_behind_first("via", (*passage.vias, *(passage.record_routes if forms else ())))
        return Message(head.to_bytes(), body)


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
