"""From a host name to hops: RFC 3263 and RFC 2782, with ``_sipfederationtls._tcp`` first where the zone asks for it.

A ``Resolution`` opens nothing. Its owner puts its ``questions()`` to the DNS and hands each ``answer(...)`` back until
it is ``done``; then it has ``hops`` or a ``problem``. It works through a list of look-ups and stops at the first that
gives an address:

    explicit port         A and AAAA of the host                                 (RFC 3263 4.2)
    otherwise             SRV of ``service``, for Microsoft traffic
                          NAPTR, then SRV of what it names                       (RFC 3263 4.1)
                          SRV of _sips._tcp; of _sip._tcp where TCP is allowed
                          A and AAAA of the host, where the zone includes it

Whoever runs the DNS of a domain in a message is a stranger: records followed, questions asked and hops kept are
bounded, targets must be host names, and addresses and ports that are nobody's business are refused (``forbidden``).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from .addresses import PUBLIC, Allowed, canonical_address, forbidden, forbidden_port, host_port
from .names import LONGEST_NAME, host_name, to_ascii
from .zone import MICROSOFT_SERVICE, DefaultZone, DnsZone, Hop, Transport, Zone

MAX_RECORDS = 16
"""SRV or NAPTR records of one answer that are followed."""
MAX_ADDRESSES = 8
"""Addresses of one family that are kept for one name."""
MAX_QUESTIONS = 64
MAX_HOPS = 32
_MAX_NOTES = 8
_NAPTR_SERVICES: dict[str, Transport] = {"SIPS+D2T": "TLS", "SIP+D2T": "TCP"}
STANDARD_SERVICES: dict[Transport, str] = {"TLS": "_sips._tcp", "TCP": "_sip._tcp"}
DEFAULT_PORT: dict[Transport, int] = {"TLS": 5061, "TCP": 5060}

RecordKind = Literal["NAPTR", "SRV", "A", "AAAA"]
DnsError = Literal["", "nxdomain", "timeout", "servfail", "busy"]
"""'': records came, or there is none of that kind; busy: it was not asked for, because too many look-ups wait."""


@dataclass(frozen=True, slots=True)
class Question:
    name: str
    kind: RecordKind


@dataclass(frozen=True, slots=True)
class SrvRecord:
    """RFC 2782."""

    priority: int
    weight: int
    port: int
    target: str


@dataclass(frozen=True, slots=True)
class NaptrRecord:
    """RFC 3403; without the regexp, which SIP doesn't use (RFC 3263 4.1)."""

    order: int
    preference: int
    flags: str
    service: str
    replacement: str


@dataclass(frozen=True, slots=True)
class AddressRecord:
    """A or AAAA."""

    address: str


DnsRecord = SrvRecord | NaptrRecord | AddressRecord


@dataclass(slots=True)
class _LookUp:
    """One line of the list above."""

    kind: Literal["NAPTR", "SRV", "ADDRESS"]
    name: str
    transport: Transport = "TLS"
    port: int = 0
    by_target: bool = False
    """The certificate is checked against the SRV target's name, not the domain's."""


@dataclass(slots=True)
class _Collected:
    """What the answers to the current look-up have brought so far."""

    look_up: _LookUp
    records: list[SrvRecord] = field(default_factory=list)
    addresses: dict[str, tuple[list[str], list[str]]] = field(default_factory=dict)
    """Of each target: IPv4, IPv6."""


def order_srv(records: Iterable[SrvRecord], random: Callable[[], float]) -> list[SrvRecord]:
    """Records in the order to try (RFC 2782, "Usage rules"). ``random`` gives 0.0 <= x < 1.0."""
    ordered: list[SrvRecord] = []
    left = sorted(records, key=lambda record: (record.priority, record.weight > 0, random()))
    while left:
        same = [record for record in left if record.priority == left[0].priority]
        chosen = _draw(same, random)
        ordered.append(chosen)
        left.remove(chosen)
    return ordered


def _draw(records: Sequence[SrvRecord], random: Callable[[], float]) -> SrvRecord:
    """One of equal priority: the first whose running sum of weights reaches a random number from 0 to the sum."""
    mark = int(random() * (sum(record.weight for record in records) + 1))
    for record in records[:-1]:
        mark -= record.weight
        if mark <= 0:
            return record
    return records[-1]


class Resolution:
    """One host, and how far its look-up has come. Times and sockets are the caller's business."""

    def __init__(
        self,
        zone: Zone,
        host: str,
        port: int | None = None,
        transport: str | None = None,
        *,
        random: Callable[[], float],
        service: str = "",
        verify_name: str = "",
        include_address: bool = False,
        modify: str = "",
        allowed: Allowed = PUBLIC,
        standard: bool = True,
    ) -> None:
        """``host``, ``port``, ``transport``: of the URI. ``modify``: the domain looked up in place of ``host``.

        ``service``: asked first; its targets' names are the ones certificates must carry, unless ``verify_name`` or
        the zone's subject name says otherwise. ``standard`` False: nothing is asked but ``service``.
        """
        self.done = False
        self.hops: tuple[Hop, ...] = ()
        """In the order to try; empty until done."""
        self.problem = ""
        """When done without hops: one sentence."""
        self.ttl = float("inf")
        """Seconds for which all answers used are good."""
        self.unanswered = False
        """Some question got no answer at all (time-out, server failure): what came may be less than there is."""
        self.refused: list[str] = []
        """For the log: where the DNS or the URI wanted to lead the edge. Peers are not told these addresses."""
        self.unasked = False
        """Some question was never asked (busy)."""
        self._zone = zone
        self._host = host
        self._random = random
        self._allowed = allowed
        self._explicit_name = (zone.tls.subject_names or (verify_name,))[0]
        self._transports: tuple[Transport, ...] = ("TLS",) if zone.transport == "TLS" else ("TLS", "TCP")
        self._plan: deque[_LookUp] = deque()
        self._outbox: list[Question] = []
        self._pending: set[Question] = set()
        self._asked: set[Question] = set()
        self._notes: list[str] = []
        self._declined = False
        self._srv_unanswered = False
        self._collected: _Collected | None = None
        self._make_plan(port, transport, service, include_address, modify, standard)
        self._advance()

    def _make_plan(
        self, port: int | None, transport: str | None, service: str, include_address: bool, modify: str, standard: bool
    ) -> None:
        wanted = (transport or "").upper()
        chosen = next((known for known in self._transports if known == wanted), None)
        fallback = self._fallback(chosen)
        domain = to_ascii(modify or self._host)
        if canonical_address(self._host) and not modify:
            self._take_literal(self._host, DEFAULT_PORT[fallback] if port is None else port, fallback)
        elif not domain:
            self._note(f"{ascii(self._host[:LONGEST_NAME])} is no host name")
        elif port is not None and (why := forbidden_port(port, self._allowed)):
            self._refuse(f"port {port}", f"port {port} of {domain}", why)
        elif port is not None:
            self._plan.append(_LookUp("ADDRESS", domain, fallback, port))
        else:
            if service:
                self._plan.append(_LookUp("SRV", f"{service}.{domain}", self._transport_for(service), by_target=True))
            if standard:
                self._plan_standard(domain, chosen)
            if include_address:
                self._plan.append(_LookUp("ADDRESS", domain, fallback, DEFAULT_PORT[fallback]))

    def _transport_for(self, service: str) -> Transport:
        return "TCP" if service.lower() == STANDARD_SERVICES["TCP"] and "TCP" in self._transports else "TLS"

    def _plan_standard(self, domain: str, chosen: Transport | None) -> None:
        if not chosen:
            self._plan.append(_LookUp("NAPTR", domain))
        for transport in (chosen,) if chosen else self._transports:
            self._plan.append(_LookUp("SRV", f"{STANDARD_SERVICES[transport]}.{domain}", transport))

    def _fallback(self, chosen: Transport | None) -> Transport:
        """The transport where neither NAPTR nor SRV is asked. A TLS zone never goes down to TCP."""
        if chosen or self._zone.transport == "TLS":
            return chosen or "TLS"
        wanted = self._zone.fallback_transport if isinstance(self._zone, DnsZone) else self._zone.transport
        return wanted if wanted in self._transports else "TLS"

    def questions(self) -> tuple[Question, ...]:
        """What to ask now. Each question is handed out once; () while answers are awaited, and when done."""
        questions = tuple(self._outbox)
        self._outbox.clear()
        return questions

    def answer(
        self, question: Question, records: Iterable[DnsRecord], error: DnsError = "", ttl: float = float("inf")
    ) -> None:
        """``ttl``: seconds. Answers to questions that were not asked are ignored."""
        collected = self._collected
        if question not in self._pending or collected is None:
            return
        self._pending.discard(question)
        came = tuple(records)
        if error or not came:
            self._note(f"{question.kind} {question.name}: {error or 'no record'}")
            no_answer = error not in ("", "nxdomain")
            self.unanswered |= no_answer
            self.unasked |= error == "busy"
            self._srv_unanswered |= no_answer and question.kind == "SRV"
        else:
            self.ttl = min(self.ttl, ttl)
        if question.kind == "NAPTR":
            self._take_naptr(record for record in came if isinstance(record, NaptrRecord))
        elif question.kind == "SRV":
            self._take_srv(collected, [record for record in came if isinstance(record, SrvRecord)])
        else:
            self._take_addresses(collected, question, [r for r in came if isinstance(r, AddressRecord)])
        if not self._pending:
            self._advance()

    def draw(self) -> tuple[Hop, ...]:
        """The hops in an order drawn anew, for whoever keeps a finished resolution and uses it again."""
        collected = self._collected
        if collected is None:
            return self.hops
        drawn: dict[Hop, None] = {}
        for record in order_srv(collected.records, self._random):
            for address in self._rotated(collected.addresses.get(record.target, ([], []))):
                drawn[self._hop(collected.look_up, record, address)] = None
        if self.hops:
            known = frozenset(self.hops)
            return tuple(hop for hop in drawn if hop in known)
        return tuple(drawn)[:MAX_HOPS]

    def _advance(self) -> None:
        """Go to the next look-up that has something to ask, or end."""
        while not self._pending:
            if self._collected is not None:
                self.hops = self.draw()
            if self.hops or not self._plan:
                break
            self._begin(self._plan.popleft())
        if not self._pending:
            self.done = True
            if not self.hops:
                self.problem = f"no address to try for {ascii(self._host[:LONGEST_NAME])}: {'; '.join(self._notes)}"

    def _begin(self, look_up: _LookUp) -> None:
        self._collected = _Collected(look_up)
        if look_up.kind != "ADDRESS":
            self._ask(look_up.name, look_up.kind)
        elif self._declined:
            self._note(f"{look_up.name}: its SRV records say that there is no such service")
        elif (
            self._srv_unanswered
        ):  # RFC 3263 4.2: the address is for domains without SRV records, and here nobody said so
            self._note(
                f"{look_up.name}: not connected to by its address, because its SRV records could not be asked for"
            )
        else:
            self._follow(self._collected, SrvRecord(0, 0, look_up.port, look_up.name))

    def _ask(self, name: str, kind: RecordKind) -> None:
        question = Question(name, kind)
        if question in self._asked:
            return
        if len(name) > LONGEST_NAME:
            self._note(f"{kind} {name}: too long for a name")
        elif len(self._asked) >= MAX_QUESTIONS:
            self._note("too many look-ups")
        else:
            self._asked.add(question)
            self._pending.add(question)
            self._outbox.append(question)

    def _follow(self, collected: _Collected, record: SrvRecord) -> None:
        collected.records.append(record)
        if record.target not in collected.addresses:
            collected.addresses[record.target] = ([], [])
            self._ask(record.target, "A")
            self._ask(record.target, "AAAA")

    def _take_literal(self, host: str, port: int, transport: Transport) -> None:
        address = canonical_address(host)
        why = forbidden_port(port, self._allowed) or forbidden(address, self._allowed)
        if why:
            self._refuse(host_port(address, port), host_port(address, port), why)
            return
        self._collected = _Collected(_LookUp("ADDRESS", address, transport, port))
        self._collected.records.append(SrvRecord(0, 0, port, address))
        self._collected.addresses[address] = ([address], [])

    def _take_naptr(self, records: Iterable[NaptrRecord]) -> None:
        """Put the SRV look-ups that NAPTR names before what is planned."""
        usable: list[tuple[NaptrRecord, Transport]] = []
        for record in records:
            transport = _NAPTR_SERVICES.get(record.service.upper())
            if record.flags.lower() == "s" and transport is not None and transport in self._transports:
                usable.append((record, transport))
        usable.sort(key=lambda pair: (pair[0].order, pair[0].preference))
        for record, transport in reversed(usable[:MAX_RECORDS]):
            name = host_name(record.replacement)
            if name:
                self._plan.appendleft(_LookUp("SRV", name, transport))
            else:
                self._note(f"NAPTR names {ascii(record.replacement[:LONGEST_NAME])}, no host name")

    def _take_srv(self, collected: _Collected, records: list[SrvRecord]) -> None:
        records.sort(key=lambda record: (record.priority, -record.weight))
        for record in records[:MAX_RECORDS]:
            target = host_name(record.target)
            if record.target in (".", ""):
                self._declined = True
                self._note(f"{collected.look_up.name}: no such service there")
            elif not target or not 0 < record.port < 65536:
                self._note(f"SRV target {ascii(record.target[:LONGEST_NAME])}:{record.port} is no host and port")
            elif why := forbidden_port(record.port, self._allowed):
                self._refuse(f"port {record.port}", f"SRV {collected.look_up.name} names {target}:{record.port},", why)
            else:
                self._follow(collected, SrvRecord(record.priority, record.weight, record.port, target))

    def _take_addresses(self, collected: _Collected, question: Question, records: list[AddressRecord]) -> None:
        kept = collected.addresses[question.name][question.kind == "AAAA"]
        for record in records[:MAX_ADDRESSES]:
            address = canonical_address(record.address)
            why = forbidden(address, self._allowed)
            if why:
                self._refuse("an address there", f"{question.name} leads to {ascii(record.address[:64])},", why)
            elif address not in kept:
                kept.append(address)

    def _rotated(self, addresses: tuple[list[str], list[str]]) -> list[str]:
        """IPv4 before IPv6, each from a random start: a cache gives one order to everybody."""
        rotated = []
        for family in addresses:
            start = int(self._random() * len(family)) if len(family) > 1 else 0
            rotated += family[start:] + family[:start]
        return rotated

    def _hop(self, look_up: _LookUp, record: SrvRecord, address: str) -> Hop:
        name = ""
        if look_up.transport == "TLS" and self._zone.tls.verify:
            name = self._explicit_name or (record.target if look_up.by_target else self._domain())
        return Hop(self._zone.name, look_up.transport, address, record.port, name)

    def _domain(self) -> str:
        """RFC 5922 4: the domain asked for, whatever the DNS (or the zone) put in its place for the look-up."""
        return canonical_address(self._host) or to_ascii(self._host)

    def _refuse(self, shown: str, where: str, why: str) -> None:
        """``shown``: the subject as peers may read it."""
        self._note(f"{shown} is not to be connected to")
        if len(self.refused) < _MAX_NOTES:
            self.refused.append(f"{where} {why}: not connected to")

    def _note(self, text: str) -> None:
        if len(self._notes) < _MAX_NOTES:
            self._notes.append(text)


def allowed_in(zones: Iterable[Zone]) -> Allowed:
    """What any of the zones that reach strangers lets pass."""
    strangers = [zone for zone in zones if isinstance(zone, DnsZone | DefaultZone)]
    return Allowed(
        loopback=any(zone.allow_loopback for zone in strangers), private=any(zone.allow_private for zone in strangers)
    )


def resolve_uri(
    zone: DnsZone | DefaultZone,
    host: str,
    port: int | None,
    transport: str | None,
    *,
    microsoft: bool,
    random: Callable[[], float],
) -> Resolution:
    """The look-up for a request that goes out to a stranger, to where a URI says.

    ``microsoft``: its traffic type is one of Microsoft's. The Default Zone gets requests only inside dialogs.
    """
    if isinstance(zone, DefaultZone):
        service, include_address, modify = MICROSOFT_SERVICE, False, ""
    else:
        service, include_address, modify = zone.microsoft_service, zone.include_address_record, zone.modify_dns_request
    return Resolution(
        zone,
        host,
        port,
        transport,
        random=random,
        service=service if microsoft else "",
        include_address=include_address,
        modify=modify,
        allowed=allowed_in((zone,)),
    )
