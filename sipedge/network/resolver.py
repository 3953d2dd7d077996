"""DNS queries without blocking: dnspython over asyncio, with a cache and one query at a time for each name and kind.

dnspython draws the ids, sends each query from a port of its own, accepts an answer only from the server asked and only
to the question asked, and repeats over TCP when an answer is truncated. This file bounds time and numbers: whoever runs
a domain decides what its answers hold, so the records of an answer and the time they are kept are limited.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

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

from sipedge.proxy.events import Resolved
from sipedge.settings import DnsSettings
from sipedge.sip.uri import UriError, split_host_port
from zones.addresses import canonical_address
from zones.dns import AddressRecord, DnsError, DnsRecord, NaptrRecord, SrvRecord

KINDS = ("NAPTR", "SRV", "A", "AAAA")
MAX_RECORDS = 64
LONGEST_TTL = 3600.0
SHORTEST_TTL = 1.0
NEGATIVE_TTL = 60.0
"""How long a missing name or record is remembered at most. RFC 2308 5 allows hours; an admin mends sooner."""
FAILURE_TTL = 1.0
"""How long a failure is remembered, so that many requests do not become many queries (RFC 2308 7)."""
AT_ONCE = 64
"""Queries under way at the same time."""
WAITING = 4096
"""Questions under way or waiting for their turn; beyond that a query fails at once."""
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


class Resolver:
    """Made inside a running event loop; ``aclose`` ends it."""

    def __init__(
        self,
        settings: DnsSettings,
        on_resolved: Callable[[Resolved], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``clock``: seconds; answers in the cache expire by it. Raises ResolverError."""
        self._settings = settings
        self._clock = clock
        self._on_resolved = on_resolved
        self._dns = dns_resolver(settings)
        self._loop = asyncio.get_running_loop()
        self._cache: OrderedDict[tuple[str, str], _Answer] = OrderedDict()
        self._queries: dict[tuple[str, str], list[int]] = {}
        """Question (name, kind) -> queries that wait for its answer."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(AT_ONCE)

    def resolve(self, query: int, name: str, kind: str) -> None:
        """Look up a name. ``kind``: one of KINDS. ``on_resolved`` is called once, but not before this returns."""
        question = (name.lower().removesuffix("."), kind)
        cached = self._cached(question)
        waiting = self._queries.get(question)
        if cached is not None:
            self._loop.call_soon(self._report, query, cached)
        elif waiting is not None:
            waiting.append(query)
        elif kind not in KINDS or len(self._queries) >= WAITING:
            self._loop.call_soon(self._report, query, _Answer((), "servfail", 0.0))
        else:
            self._queries[question] = [query]
            task = self._loop.create_task(self._look_up(question))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def forget(self) -> None:
        """Empty the cache (after a reload)."""
        self._cache.clear()

    async def aclose(self) -> None:
        """Stop: queries under way get no answer any more."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _look_up(self, question: tuple[str, str]) -> None:
        try:
            async with self._slots:
                answer = await self._answer(*question)
        finally:
            queries = self._queries.pop(question)
        self._keep(question, answer)
        for query in queries:
            self._report(query, answer)

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
            return _Answer((), "timeout", now + FAILURE_TTL)
        except (dns.exception.DNSException, OSError):
            return _Answer((), "servfail", now + FAILURE_TTL)
        except Exception:  # a stranger wrote the answer, and a request waits for it
            _log.exception("%s %s: the answer could not be read", kind, ascii(name))
            return _Answer((), "servfail", now + FAILURE_TTL)
        if answer.rrset is None:
            return _Answer((), "", now + _negative_ttl([answer.response]))
        records = tuple(record for data in list(answer.rrset)[:MAX_RECORDS] if (record := record_of(data)) is not None)
        ttl = min(max(float(answer.chaining_result.minimum_ttl), SHORTEST_TTL), LONGEST_TTL)
        return _Answer(records, "", now + ttl)

    def _report(self, query: int, answer: _Answer) -> None:
        ttl = max(answer.expires - self._clock(), 0.0)
        self._on_resolved(Resolved(query, answer.records, answer.error, ttl))

    def _cached(self, question: tuple[str, str]) -> _Answer | None:
        answer = self._cache.get(question)
        if answer is None:
            return None
        if answer.expires <= self._clock():
            del self._cache[question]
            return None
        self._cache.move_to_end(question)
        return answer

    def _keep(self, question: tuple[str, str], answer: _Answer) -> None:
        self._cache[question] = answer
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
