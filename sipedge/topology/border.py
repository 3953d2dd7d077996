"""The border of hidden zones: what a message loses on its way out, and gets back on its way in.

Nothing about dialogs is kept. What a response needs of its request stays in a ``Crossing`` beside the branch; all else
is in the tokens. The message is made as it would be without hiding, and is rewritten where it crosses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from sipedge.sip.message import Message
from sipedge.sip.uri import UriError, parse_uri
from sipedge.sip.values import MessageError, parse_address, parse_via

from . import call_ids, leaks
from .call_ids import CallIds, Crossed
from .contacts import Contacts, Opened, Seat, host_of
from .headers import Handler, composed, head_of, line_of, rewritten
from .routes import Routes, place_of, values_of
from .seals import Seals
from .session import with_hidden_address


@dataclass(frozen=True, slots=True)
class Crossing:
    """One request that crossed a border, as its responses need it."""

    source: str
    target: str
    seat: Seat
    """The edge as the peers of the source see it."""
    call_id: bytes
    """The line as it was received."""
    vias: tuple[bytes, ...] = ()
    """Lines that were taken off, with what the edge had noted in them."""
    own: tuple[str, ...] = ()
    """The edge's own Record-Route values, outgoing side first; none where it does not stay on the way."""
    behind: tuple[str, ...] = ()
    """Record-Route values that were sealed into the first of these."""
    hosts: frozenset[str] = frozenset()
    """Of the target, where that is hidden."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request on its way to the other side."""

    message: Message
    source: str
    target: str
    at_source: Seat
    at_target: Seat
    own: tuple[str, ...]
    """The edge's own Record-Route values in it, outgoing side first."""
    received_call_id: bytes
    """The line as it was received."""
    source_hosts: frozenset[str]
    target_hosts: frozenset[str]
    """Addresses and names of the peers themselves, lower case."""


class Border:
    """All hidden zones of an edge."""

    def __init__(
        self,
        hidden: frozenset[str],
        sealed_call_ids: frozenset[str],
        seals: Seals,
        own_hosts: frozenset[str],
        domains: frozenset[str],
    ) -> None:
        """``hidden``: names of zones; ``sealed_call_ids``: those of which Call-IDs are hidden, too.

        ``own_hosts``, ``domains``: the edge's names and its SIP domains, which everybody may see.
        """
        self.hidden = hidden
        self._call_ids = {zone: CallIds(seals, zone) for zone in hidden & sealed_call_ids}
        self._contacts = Contacts(seals, tuple(sorted(hidden)), domains)
        self._routes = Routes(seals)
        self._public = own_hosts | domains | frozenset(map(_domain_of, own_hosts))

    def lies_between(self, source: str, target: str) -> bool:
        """Whether what goes from one zone to another has anything to hide."""
        return source != target and (source in self.hidden or target in self.hidden)

    def call_id(self, call_id: str, source: str, target: str) -> str:
        """A Call-ID of the source's side as the target's peers see it."""
        return self._crossed(source, target)(call_id) if self.lies_between(source, target) else call_id

    def _crossed(self, source: str, target: str) -> Crossed:
        outward, inward = self._call_ids.get(source), self._call_ids.get(target)

        def crossed(call_id: str) -> str:
            if outward is not None:
                call_id = outward.outward(call_id)
            return call_id if inward is None else inward.inward(call_id)

        return crossed

    def opened(self, message: Message, side: str) -> Opened | None:
        """What the Request-URI stands for, if it is a sealed Contact that peers of this side may use."""
        if ":c-" not in message.uri:
            return None
        try:
            return self._contacts.opened(parse_uri(message.uri), side)
        except UriError:
            return None

    def revealed(self, message: Message, opened: Opened | None, counts: Callable[[str], bool]) -> Message:
        """A request as its target is to get it: Request-URI opened, Route values unsealed (``Routes.unsealed``)."""
        items = self._routes.unsealed(message, counts) if "route" in message.index else []
        if opened is None and not items:
            return message
        lines = list(message.lines)
        if opened is not None:
            lines[0] = f"{message.method} {opened.text} SIP/2.0".encode("utf-8", "surrogateescape")
        if items:
            lines = _with_values(message, lines, "route", items)
        return Message(head_of(lines), message.body)

    def request(self, out: Outgoing) -> tuple[bytes, bytes, Crossing]:
        """Head and body to send, and what responses need."""
        message, hides = out.message, out.source in self.hidden
        received = values_of(message, "record-route")[len(out.own) :]
        crossing = Crossing(
            out.source,
            out.target,
            out.at_source,
            out.received_call_id,
            vias=tuple(message.lines[number] for number in message.index["via"][1:]) if hides else (),
            own=out.own,
            behind=tuple(received) if hides else (),
            hosts=out.target_hosts if out.target in self.hidden else frozenset(),
        )
        crossed = call_ids.handlers(self._crossed(out.source, out.target))
        if not hides:
            return head_of(rewritten(message, crossed)), message.body, crossing
        hosts = self._not_public(out.source_hosts, _hosts_of_vias(message), _hosts_of(message, received))
        lines = rewritten(message, composed(crossed, self._hiding(out.source, out.at_target, hosts)))
        own = [self._routes.sealed(out.own[0], received)] if out.own else []
        body = self._body(message, out.at_target)
        return _head(_without_hosts(_alone(lines, own), hosts), message.body, body), body, crossing

    def restored(self, response: Message, crossing: Crossing) -> Message:
        """A response as the source's peers know its request: Call-ID, Via and Record-Route as they were.

        The edge's own value towards a hidden target is taken out, because it names the inside.
        """
        lines = list(response.lines)
        lines[response.index["call-id"][0]] = crossing.call_id
        if crossing.own and "record-route" in response.index:
            items = values_of(response, "record-route")
            place = place_of(items, crossing.own[0])
            if place >= 0:
                shown = [] if crossing.target in self.hidden else [crossing.own[0]]
                sealed = [*crossing.own[1:], *crossing.behind] if crossing.source in self.hidden else []
                items[place : place + 1] = shown + sealed
                lines = _with_values(response, lines, "record-route", items)
        if crossing.vias:
            at = _first_via(lines)
            lines[at + 1 : at + 1] = crossing.vias
        return Message(head_of(lines), response.body)

    def covered(self, response: Message, crossing: Crossing) -> Message:
        """A response of a hidden target as the source's peers may see it."""
        if crossing.target not in self.hidden:
            return response
        items = values_of(response, "record-route")
        place = place_of(items, crossing.own[-1]) if crossing.own else -1
        hosts = self._not_public(crossing.hosts, _hosts_of(response, items[: max(place, 0)]))
        lines = rewritten(response, self._hiding(crossing.target, crossing.seat, hosts))
        if items:
            # What stands above the edge's own value is the hidden side's: sealed into it, in the order of Route. Where
            # the target has lost or changed that value no way leads back, and nothing is shown.
            own = [self._routes.sealed(items[place], items[:place][::-1])] if place >= 0 else []
            shown = own + items[place + 1 :] if own else []
            lines = _with_values(Message(head_of(lines)), lines, "record-route", shown)
        body = self._body(response, crossing.seat)
        return Message(_head(_without_hosts(lines, hosts), response.body, body), body)

    def _hiding(self, zone: str, seat: Seat, hosts: frozenset[str]) -> dict[str, Handler]:
        """What is done to the headers of a hidden zone's peers, Via and Record-Route aside."""

        def contact(value: str) -> str:
            return self._contacts.sealed_value(value, zone, seat)

        def referred(value: str) -> str:
            return self._contacts.sealed_value(value, zone, seat, hosts)

        named = {"contact": contact, "refer-to": referred, "referred-by": referred, "reply-to": referred}
        return {**leaks.handlers(seat.host_port), **named}

    def _body(self, message: Message, seat: Seat) -> bytes:
        kind = (message.first("content-type") or "").partition(";")[0].strip().lower()
        return with_hidden_address(kind, message.body, seat.host_port.rpartition(":")[0].encode())

    def _not_public(self, *hosts: frozenset[str]) -> frozenset[str]:
        """The hosts, and the domains that they are in: what is named like a hidden host is one, too."""
        found = frozenset().union(*hosts)
        return (found | frozenset(map(_domain_of, found))) - self._public


def _hosts_of(message: Message, routes: Sequence[str]) -> frozenset[str]:
    """Every host that a message's Contact and some Record-Route values name."""
    addresses = map(parse_address, (*values_of(message, "contact"), *routes))
    return frozenset(host_of(address.uri).strip("[]") for address in addresses)


def _hosts_of_vias(message: Message) -> frozenset[str]:
    hosts = set()
    for item in message.items("via"):
        with suppress(MessageError):
            via = parse_via(item)
            hosts |= {via.host.strip("[]"), via.parameter("received") or ""}
    return frozenset(hosts)


def _domain_of(host: str) -> str:
    """``pbx.local.example`` -> ``local.example``; '' for an address, or where only one label would be left."""
    domain = host.partition(".")[2]
    return domain if "." in domain and not domain.replace(".", "").isdigit() else ""


def _alone(lines: list[bytes], own: list[str]) -> list[bytes]:
    """Without other Via and Record-Route lines than the edge's own; ``own``: the value of its Record-Route."""
    index = Message(head_of(lines)).index
    gone = {*index["via"][1:], *index.get("record-route", ())}
    if own:
        first = index["record-route"][0]
        gone.discard(first)
        lines[first] = line_of(b"Record-Route", own[0])
    return [line for number, line in enumerate(lines) if number not in gone]


def _without_hosts(lines: list[bytes], hosts: frozenset[str]) -> list[bytes]:
    index = Message(head_of(lines)).index
    names = ["via"] * len(lines)  # the start line stays, too
    for name, numbers in index.items():
        for number in numbers:
            names[number] = name
    return leaks.without_hosts(lines, names, hosts)


def _with_values(message: Message, lines: list[bytes], name: str, items: list[str]) -> list[bytes]:
    """``lines`` of a message with other values of a header, one on each line, where its first line stood."""
    numbers = message.index[name]
    written = lines[numbers[0]].partition(b":")[0].rstrip()
    new = [line_of(written, item) for item in items]
    kept = [line for number, line in enumerate(lines) if number not in numbers or number == numbers[0]]
    kept[numbers[0] : numbers[0] + 1] = new
    return kept


def _first_via(lines: list[bytes]) -> int:
    return Message(head_of(lines)).index["via"][0]


def _head(lines: list[bytes], before: bytes, body: bytes) -> bytes:
    """With the Content-Length of a changed body."""
    if len(body) != len(before):
        for number in Message(head_of(lines)).index.get("content-length", ()):
            lines[number] = line_of(lines[number].partition(b":")[0].rstrip(), str(len(body)))
    return head_of(lines)
