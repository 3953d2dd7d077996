"""The border of hidden zones: what a message loses on its way out, and gets back on its way in.

Nothing about dialogs is kept. What a response needs of its request stays in a ``Crossing`` beside the branch; all else
is in the tokens. The message is made as it would be without hiding, and is rewritten where it crosses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import chain

from sipedge.sip.message import COMMA, Message, plain_sent_by
from sipedge.sip.uri import UriError, parse_uri
from sipedge.sip.values import MessageError, parse_address, parse_via, split_commas

from . import call_ids, leaks
from .call_ids import CallIds, Crossed
from .contacts import IN_URI, Contacts, Opened, Seat, host_of
from .gate import Gate, Lines
from .headers import Handler, Head, composed, remade
from .routes import Routes, place_of, values_of
from .seals import Seals
from .session import with_hidden_address
from .usual import usual

REFERRED = frozenset(("refer-to", "referred-by", "reply-to"))
"""URIs in these are sealed where they name a hidden host."""


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
        self._gates: dict[tuple[str, str], Gate] = {}
        self._tables: dict[tuple[str, str, Seat], Mapping[str, Handler]] = {}
        self._named = lru_cache(maxsize=1024)(self._not_to_be_named)
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

    def opened(self, uri: str, side: str) -> Opened | None:
        """What a Request-URI stands for, if it is a sealed Contact that peers of this side may use."""
        if IN_URI not in uri:
            return None
        try:
            return self._contacts.opened(parse_uri(uri), side)
        except UriError:
            return None

    def revealed(self, message: Message, opened: Opened | None, counts: Callable[[str], bool]) -> Message:
        """A request as its target is to get it: Request-URI opened, Route values unsealed (``Routes.unsealed``)."""
        items = self._routes.unsealed(message, counts) if "route" in message.index else []
        if opened is None and not items:
            return message
        head = Head(message)
        if opened is not None:
            head.start_line(f"{message.method} {opened.text} SIP/2.0".encode("utf-8", "surrogateescape"))
        if items:
            head.write("route", items)
        return Message(head.to_bytes(), message.body)

    def request(self, out: Outgoing) -> tuple[bytes, bytes, Crossing]:
        """Head and body to send, and what responses need."""
        message, hides = out.message, out.source in self.hidden
        received = values_of(message, "record-route")[len(out.own) :]
        crossing = self.crossing(out, (message.lines[number] for number in message.index["via"][1:]), received)
        head = Head(message)
        if not hides:
            head.rewrite(self._changes(message, out.source, out.target, out.at_target, frozenset()))
            return head.to_bytes(), message.body, crossing
        hosts = self._hosts(message, received, chain(out.source_hosts, _hosts_of_vias(message)))
        head.keep_first("via")
        if "record-route" in message.index:
            own = [self._routes.sealed(out.own[0], received, out.at_target.longest)] if out.own else []
            head.write("record-route", own)
        changes = self._changes(message, out.source, out.target, out.at_target, hosts)
        body = self._hide(head, message, changes, out.at_target)
        head.drop(leaks.searched(message.index), leaks.naming(hosts, self._public))
        return head.to_bytes(), body, crossing

    def crossing(self, out: Outgoing, vias: Iterable[bytes], behind: Sequence[str] = ()) -> Crossing:
        """What responses need. ``vias``, ``behind``: as in it, where the source is hidden."""
        hides = out.source in self.hidden
        return Crossing(
            out.source,
            out.target,
            out.at_source,
            out.received_call_id,
            vias=tuple(vias) if hides else (),
            own=out.own,
            behind=tuple(behind) if hides else (),
            hosts=out.target_hosts if out.target in self.hidden else frozenset(),
        )

    def gate(self, message: Message, source: str, target: str, at_source: Seat, at_target: Seat) -> Gate | None:
        """For requests with the same names and Event as this one; None: they have to come here.

        Where a token may be too long for its peers they do, because a handle has to be noted each time.
        """
        events = (message.lines[number] for number in message.index.get("event", ()))
        if usual(message.index) is None or any(b"call-id" in line.lower() for line in events):
            return None
        hides, covers = source in self.hidden, target in self.hidden
        if (hides and at_target.longest) or (covers and at_source.longest):
            return None
        if (source, target) not in self._gates:
            out = partial(self._shown, source, at_target) if hides else None
            back = partial(self._shown, target, at_source) if covers else None
            self._gates[source, target] = Gate(self._crossed(source, target), out, back)
        return self._gates[source, target]

    def _shown(self, zone: str, seat: Seat, lines: Sequence[bytes], others: Iterable[str]) -> Lines:
        """Of messages in the usual form those lines of a zone's peers that are ``Usual.searched``. See ``_hosts``."""
        message = Message(b"\r\n".join((b"SIP/2.0 200 OK", *lines)) + b"\r\n\r\n")
        hosts = self._hosts(message, (), others)
        head = Head(message)
        head.rewrite(self._hiding(zone, seat, hosts))
        head.drop(leaks.searched(message.index), leaks.naming(hosts, self._public))
        return head.kept[1:]

    def restored(self, response: Message, crossing: Crossing) -> Message:
        """A response as the source's peers know its request: Call-ID, Via and Record-Route as they were.

        The edge's own value towards a hidden target is taken out, because it names the inside.
        """
        head = Head(response)
        head.replace("call-id", crossing.call_id)
        if crossing.own and "record-route" in response.index:
            items = values_of(response, "record-route")
            place = place_of(items, crossing.own[0])
            if place >= 0:
                shown = [] if crossing.target in self.hidden else [crossing.own[0]]
                sealed = [*crossing.own[1:], *crossing.behind] if crossing.source in self.hidden else []
                items[place : place + 1] = shown + sealed
                head.write("record-route", items)
        if crossing.vias:
            head.add_behind_first("via", crossing.vias)
        return remade(head.to_bytes(), response.body, response)

    def covered(self, response: Message, crossing: Crossing) -> Message:
        """A response of a hidden target as the source's peers may see it."""
        if crossing.target not in self.hidden:
            return response
        items = values_of(response, "record-route")
        place = place_of(items, crossing.own[-1]) if crossing.own else -1
        hosts = self._hosts(response, items[: max(place, 0)], crossing.hosts)
        head = Head(response)
        if items:
            # What stands above the edge's own value is the hidden side's: sealed into it, in the order of Route. Where
            # the target has lost or changed that value no way leads back, and nothing is shown.
            longest = crossing.seat.longest
            own = [self._routes.sealed(items[place], items[:place][::-1], longest)] if place >= 0 else []
            head.write("record-route", own + items[place + 1 :] if own else [])
        changes = self._changes(response, crossing.target, "", crossing.seat, hosts)
        body = self._hide(head, response, changes, crossing.seat)
        head.drop(leaks.searched(response.index), leaks.naming(hosts, self._public))
        return remade(head.to_bytes(), body, response)

    def masked(
        self, message: Message, zone: str, seat: Seat, peers: frozenset[str], changes: Mapping[str, Handler]
    ) -> tuple[Head, bytes]:
        """Head and body of a zone's message with ``changes``, and without what the zone hides beside the way.

        For a call of which the edge ends both legs (dialogs/): Via and Record-Route are the caller's business, and a
        Contact that ``changes`` leaves alone is sealed. ``peers``: addresses and names of who sent it.
        """
        head = Head(message)
        if zone not in self.hidden:
            head.rewrite(changes)
            return head, message.body
        hosts = self._hosts(message, values_of(message, "record-route"), chain(peers, _hosts_of_vias(message)))
        hiding = self._hiding(zone, seat, hosts)
        if "contact" in changes:
            del hiding["contact"]
        body = self._hide(head, message, composed(changes, hiding), seat)
        head.drop(leaks.searched(message.index), leaks.naming(hosts, self._public))
        return head, body

    def _changes(
        self, message: Message, source: str, target: str, seat: Seat, hosts: frozenset[str]
    ) -> Mapping[str, Handler]:
        """What is done to the headers of a message of ``source``'s peers. ``target``: '' for a response, whose Call-ID
        is restored. Tables are kept, but for messages of which a header is changed by ``hosts``.
        """
        if source in self.hidden and not REFERRED.isdisjoint(message.index):
            return self._table(source, target, seat, hosts)
        key = source, target, seat
        if key not in self._tables:
            self._tables[key] = self._table(*key, frozenset())
        return self._tables[key]

    def _table(self, source: str, target: str, seat: Seat, hosts: frozenset[str]) -> Mapping[str, Handler]:
        crossed = call_ids.handlers(self._crossed(source, target)) if target else {}
        return composed(crossed, self._hiding(source, seat, hosts)) if source in self.hidden else crossed

    def _hiding(self, zone: str, seat: Seat, hosts: frozenset[str]) -> dict[str, Handler]:
        """What is done to the headers of a hidden zone's peers, Via and Record-Route aside."""

        def contact(value: str) -> str:
            return self._contacts.sealed_value(value, zone, seat)

        def referred(value: str) -> str:
            return self._contacts.sealed_value(value, zone, seat, hosts)

        return {**leaks.handlers(seat.host_port), "contact": contact, **dict.fromkeys(REFERRED, referred)}

    def _hide(self, head: Head, message: Message, handlers: Mapping[str, Handler], seat: Seat) -> bytes:
        """Rewrites the headers; gives the body, with the address hidden."""
        head.rewrite(handlers)
        if "content-type" not in message.index:
            return message.body
        kind = (message.first("content-type") or "").partition(";")[0].strip().lower()
        body = with_hidden_address(kind, message.body, seat.host_port.rpartition(":")[0].encode())
        if len(body) != len(message.body):
            head.rewrite({"content-length": lambda value: str(len(body))})
        return body

    def _hosts(self, message: Message, routes: Sequence[str], others: Iterable[str]) -> frozenset[str]:
        """What no other header may name: ``others``, hosts of ``routes`` and Contact, and the domains that they are in.

        Empty where no header can name any.
        """
        if not any(leaks.may_name_hosts(message.lines[number]) for number in leaks.searched(message.index)):
            return frozenset()
        addresses = map(parse_address, (*values_of(message, "contact"), *routes))
        hosts = {host_of(address.uri).strip("[]") for address in addresses}.union(others)
        return self._named(frozenset(hosts))

    def _not_to_be_named(self, hosts: frozenset[str]) -> frozenset[str]:
        """Hidden hosts, and the domains that they are in."""
        return frozenset(hosts | set(map(_domain_of, hosts))) - self._public


def _hosts_of_vias(message: Message) -> Iterator[str]:
    """Sent-by and ``received`` of each Via."""
    for number in message.index["via"]:
        line = message.lines[number]
        front, _, parameters = line.partition(b";")
        host = plain_sent_by(front)
        if host is not None and COMMA not in parameters and b"received" not in parameters.lower():
            yield host
            continue
        for item in split_commas(message.value(number)):
            with suppress(MessageError):
                via = parse_via(item)
                yield via.host.strip("[]")
                yield via.parameter("received") or ""


def _domain_of(host: str) -> str:
    """``pbx.local.example`` -> ``local.example``; '' for an address, or where only one label would be left."""
    domain = host.partition(".")[2]
    return domain if "." in domain and not domain.replace(".", "").isdigit() else ""
