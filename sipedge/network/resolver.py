"""DNS queries without blocking: dnspython over asyncio, with a cache and one query at a time for each name and kind.

dnspython draws the ids, sends each query from a port of its own, accepts an answer only from the server asked and only
to the question asked, and repeats over TCP when an answer is truncated. This file bounds time and numbers: whoever runs
a domain decides what its answers hold, so the records of an answer and the time they are kept are limited. Queries take
turns (look_ups/slots.py). What failed is not asked again before its pause is over (look_ups/pauses.py): its last
records stand in for it meanwhile, or the failure does.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace

import dns.asyncresolver
import dns.exception
import dns.message
import dns.name
import dns.nameserver
import dns.rdatatype
import dns.resolver
from dns.rdtypes.IN.A import A
from dns.rdtypes.IN.AAAA import AAAA
from dns.rdtypes.IN.NAPTR import NAPTR
from dns.rdtypes.IN.SRV import SRV

from sipedge.proxy.commands import EDGE, Asker
from sipedge.proxy.events import Resolved
from sipedge.settings import DnsSettings
from sipedge.sip.uri import UriError, split_host_port
from zones.addresses import canonical_address, source_of
from zones.dns import AddressRecord, DnsError, DnsRecord, NaptrRecord, SrvRecord

from .look_ups.pauses import Pauses
from .look_ups.slots import Key, LookUpSlots, Place

KINDS = ("NAPTR", "SRV", "A", "AAAA")
MAX_RECORDS = 64
LONGEST_TTL = 3600.0
SHORTEST_TTL = 1.0
NEGATIVE_TTL = 60.0
"""How long a missing name or record is remembered at most. RFC 2308 5 allows hours; an admin mends sooner."""
LONGEST_STALE = 86400.0
"""How long after they came records stand in for an answer that does not come (RFC 8767 5: one to three days)."""
STALE_TTL = 30.0
"""How long they are good for then (RFC 8767 4)."""
AT_ONCE = 128
"""Queries under way at the same time."""
WAITING = 4096
"""Questions that wait for their turn, for as long as a query may take; beyond both they fail."""
PAYLOAD = 1232
"""EDNS buffer: no fragments (DNS flag day 2020)."""

_log = logging.getLogger("sipedge.resolver")


class ResolverError(ValueError):
    """DNS settings that cannot work; ``str()`` is one sentence."""


@dataclass(frozen=True, slots=True)
class _Answer:
    records: tuple[DnsRecord, ...]
    error: DnsError
    expires: float
    """By the resolver's clock."""
    came: float = 0.0
    """By the same."""


FAILED = _Answer((), "servfail", 0.0)


class Resolver:
    """Made inside a running event loop; ``aclose`` ends it."""

    def __init__(
        self,
        settings: DnsSettings,
        on_resolved: Callable[[Resolved], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``clock``: seconds; answers in the cache expire and pauses end by it. Raises ResolverError."""
        self._settings = settings
        self._clock = clock
        self._on_resolved = on_resolved
        self._dns = dns_resolver(settings)
        self._loop = asyncio.get_running_loop()
        self._cache: OrderedDict[Key, _Answer] = OrderedDict()
        self._pauses = Pauses()
        self._queries: dict[Key, list[int]] = {}
        """Question -> queries that wait for its answer."""
        self._tasks: dict[Key, asyncio.Task[None]] = {}
        self._slots = LookUpSlots(AT_ONCE, WAITING, settings.timeout * settings.attempts)
        self._overdue: asyncio.TimerHandle | None = None
        self.spared: dict[str, float] = {}
        """"pause", "queue full" or "queue slow" -> questions that were answered without asking, as failed or by an old
        answer."""

    def resolve(self, query: int, name: str, kind: str, asker: Asker = EDGE) -> None:
        """Look up a name. ``kind``: one of KINDS. ``on_resolved`` is called once, but not before this returns."""
        key = (name.lower().removesuffix("."), kind)
        answer = self._without_asking(key)
        if answer is not None:
            self._loop.call_soon(self._report, query, answer)
        elif key in self._tasks:
            self._queries[key].append(query)
        else:
            self._ask(query, key, asker)

    @property
    def under_way(self) -> dict[str, float]:
        """ "asked" and "waiting" -> questions."""
        return {"asked": self._slots.held, "waiting": self._slots.waiting}

    def forget(self) -> None:
        """Ask everything anew (after a reload). What is known stands in only where the DNS is silent."""
        self._pauses.clear()
        self._cache = OrderedDict((key, replace(answer, expires=0.0)) for key, answer in self._cache.items())

    async def aclose(self) -> None:
        """Stop: queries under way get no answer any more."""
        if self._overdue is not None:
            self._overdue.cancel()
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _without_asking(self, key: Key) -> _Answer | None:
        if key[1] not in KINDS:
            return FAILED
        now = self._clock()
        cached = self._cache.get(key)
        if cached is not None and now < cached.expires:
            self._cache.move_to_end(key)
            return cached
        error = self._pauses.error(key, now)
        return self._spare("pause", key, error) if error else None

    def _ask(self, query: int, key: Key, asker: Asker) -> None:
        source = source_of(asker.address) if asker.address else ""
        place = self._slots.ask(key, Asker(asker.zone, source), self._loop.time())
        if place is Place.NONE:
            self._loop.call_soon(self._report, query, self._spare("queue full", key, "busy"))
            return
        self._queries.setdefault(key, []).append(query)
        if place is Place.SLOT:
            self._begin(key)
        elif self._overdue is None:
            self._overdue = self._loop.call_at(self._slots.next_overdue(), self._give_up)

    def _begin(self, key: Key) -> None:
        self._tasks[key] = self._loop.create_task(self._look_up(key))

    async def _look_up(self, key: Key) -> None:
        answer = await self._answer(*key)
        del self._tasks[key]
        failed = answer.error in ("timeout", "servfail")
        self._slots.done(key, answered=not failed)
        if failed:
            self._pauses.failed(key, answer.error, self._clock())
            answer = self._stale(key) or answer
        else:
            self._pauses.answered(key)
            self._keep(key, answer)
        self._tell(key, answer)
        while (turn := self._slots.next()) is not None:
            self._take_turn(turn)

    def _take_turn(self, key: Key) -> None:
        """Begin what waited, unless its host has fallen silent meanwhile."""
        answer = self._without_asking(key)
        if answer is None:
            self._begin(key)
        else:
            self._slots.done(key, answered=not answer.error)
            self._tell(key, answer)

    def _give_up(self) -> None:
        """Answer what has waited too long in the queue."""
        for key in self._slots.overdue(self._loop.time()):
            self._tell(key, self._spare("queue slow", key, "busy"))
        following = self._slots.next_overdue()
        self._overdue = self._loop.call_at(following, self._give_up) if following < float("inf") else None

    def _tell(self, key: Key, answer: _Answer) -> None:
        for query in self._queries.pop(key):
            self._report(query, answer)

    def _spare(self, reason: str, key: Key, error: DnsError) -> _Answer:
        """An old answer or a failure, in place of asking."""
        self.spared[reason] = self.spared.get(reason, 0) + 1
        return self._stale(key) or _Answer((), error, 0.0)

    def _stale(self, key: Key) -> _Answer | None:
        """The records that the DNS gave last, if it has not taken them back since (RFC 8767)."""
        answer, now = self._cache.get(key), self._clock()
        if answer is None or not answer.records or now - answer.came > LONGEST_STALE:
            return None
        return replace(answer, expires=now + STALE_TTL)

    async def _answer(self, name: str, kind: str) -> _Answer:
        now = self._clock()
        try:
            qname = dns.name.from_text(name)
            answer = await self._dns.resolve(
                qname, kind, raise_on_no_answer=False, lifetime=self._settings.timeout * self._settings.attempts
            )
        except dns.resolver.NXDOMAIN as error:
            return _Answer((), "nxdomain", now + _negative_ttl(list(error.responses().values())))  # type: ignore[no-untyped-call]
        except (dns.resolver.YXDOMAIN, dns.name.LabelTooLong, dns.name.NameTooLong, dns.name.EmptyLabel):
            return _Answer((), "nxdomain", now + NEGATIVE_TTL)
        except (dns.exception.Timeout, TimeoutError):
            return _Answer((), "timeout", 0.0)
        except (dns.exception.DNSException, OSError):
            return FAILED
        except Exception:  # a stranger wrote the answer, and a request waits for it
            _log.exception("%s %s: the answer could not be read", kind, ascii(name))
            return FAILED
        if answer.rrset is None:
            return _Answer((), "", now + _negative_ttl([answer.response]))
        records = tuple(record for data in list(answer.rrset)[:MAX_RECORDS] if (record := record_of(data)) is not None)
        ttl = min(max(float(answer.chaining_result.minimum_ttl), SHORTEST_TTL), LONGEST_TTL)
        return _Answer(records, "", now + ttl, now)

    def _report(self, query: int, answer: _Answer) -> None:
        ttl = max(answer.expires - self._clock(), 0.0)
        self._on_resolved(Resolved(query, answer.records, answer.error, ttl))

    def _keep(self, key: Key, answer: _Answer) -> None:
        self._cache[key] = answer
        self._cache.move_to_end(key)
        while len(self._cache) > self._settings.cache:
            self._cache.popitem(last=False)


def record_of(data: object) -> DnsRecord | None:
    """One record as zones.dns wants it; None for other kinds."""
    if isinstance(data, SRV):
        return SrvRecord(data.priority, data.weight, data.port, _text(data.target))
    if isinstance(data, NAPTR):
        flags, service = data.flags.decode("latin-1"), data.service.decode("latin-1")
        return NaptrRecord(data.order, data.preference, flags, service, _text(data.replacement))
    if isinstance(data, A | AAAA):
        return AddressRecord(canonical_address(data.address))
    return None


def _text(name: dns.name.Name) -> str:
    """Without the last dot; the root stays "." (an SRV that says: no such service)."""
    return name.to_text(omit_final_dot=True)


def _negative_ttl(responses: list[dns.message.Message]) -> float:
    """RFC 2308 5: the lesser of the SOA's own TTL and its minimum field."""
    ttls = [
        float(min(rrset.ttl, rrset[0].minimum))
        for response in responses
        for rrset in response.authority
        if rrset.rdtype == dns.rdatatype.SOA
    ]
    return max(min([NEGATIVE_TTL, *ttls]), SHORTEST_TTL)


def dns_resolver(settings: DnsSettings) -> dns.asyncresolver.Resolver:
    """dnspython set up as the settings say, without a cache of its own. Raises ResolverError."""
    try:
        resolver = dns.asyncresolver.Resolver(configure=not settings.servers)
    except dns.resolver.NoResolverConfiguration:
        raise ResolverError("no DNS server is configured, and the system names none") from None
    if settings.servers:
        resolver.nameservers = [_server(text) for text in settings.servers]
    resolver.timeout = settings.timeout
    resolver.cache = None
    resolver.use_edns(0, 0, PAYLOAD)
    return resolver


def _server(text: str) -> dns.nameserver.Nameserver:
    address, port = canonical_address(text), 53
    if not address:
        try:
            host, given = split_host_port(text)
        except UriError as error:
            raise ResolverError(f"DNS server {error}") from None
        address, port = canonical_address(host), given or 53
    if not address:
        raise ResolverError(f"DNS server '{text}' is not an address with an optional port")
    return dns.nameserver.Do53Nameserver(address, port)
