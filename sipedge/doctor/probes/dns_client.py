"""Questions to one DNS server with all that the checks need of an answer: records, TTL, alias, error.

The edge's own resolver (sipedge.network.resolver) keeps answers and forgets what is not needed for routing; the same
dnspython set-up is asked here directly. Each question has a time limit; their number is bounded.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver
import dns.reversename
from dns.rdtypes.ANY.PTR import PTR
from dns.rdtypes.ANY.SOA import SOA

from sipedge.network.resolver import MAX_RECORDS, dns_resolver, record_of
from sipedge.settings import DnsSettings
from zones.dns import AddressRecord, SrvRecord

from .options import Bounds


@dataclass(frozen=True, slots=True)
class Answer:
    """``error``: '' (also for no record of that type), "nxdomain", "timeout", "servfail", "too many questions"."""

    name: str
    kind: str
    records: tuple[object, ...] = ()
    error: str = ""
    ttl: int = 0
    """Seconds, of the records themselves."""
    alias: str = ""
    """Where a CNAME led to; '' when there was none."""

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(record.address for record in self.records if isinstance(record, AddressRecord))

    @property
    def services(self) -> tuple[SrvRecord, ...]:
        return tuple(record for record in self.records if isinstance(record, SrvRecord))

    @property
    def texts(self) -> tuple[str, ...]:
        """Names in PTR and SOA records."""
        return tuple(record for record in self.records if isinstance(record, str))

    @property
    def silent(self) -> bool:
        """Nobody gave an answer: nothing is known about the record."""
        return self.error not in ("", "nxdomain")

    @property
    def words(self) -> str:
        """What came instead of records."""
        words = {"": "no such record", "nxdomain": "no such name", "timeout": "no answer in time"}
        return words.get(self.error, "server failure" if self.error == "servfail" else self.error)


class DnsClient:
    """Made and used inside one event loop. Equal questions are asked once."""

    def __init__(self, settings: DnsSettings, bounds: Bounds) -> None:
        """Raises ResolverError."""
        self._resolver = dns_resolver(settings)
        self._bounds = bounds
        self._slots = asyncio.Semaphore(bounds.at_once)
        self._asked: dict[tuple[str, str], asyncio.Task[Answer]] = {}
        self.servers = tuple(str(server) for server in self._resolver.nameservers)

    async def ask(self, name: str, kind: str) -> Answer:
        """``kind``: "SRV", "A", "AAAA", "PTR" or "SOA"; never raises."""
        key = (name.lower().removesuffix("."), kind)
        task = self._asked.get(key)
        if task is None:
            if len(self._asked) >= self._bounds.questions:
                return Answer(name, kind, error="too many questions")
            task = self._asked[key] = asyncio.create_task(self._ask(*key))
        return await task

    async def pointer(self, address: str) -> Answer:
        """The PTR records of an address (never asked for anything but to see that there is none)."""
        return await self.ask(dns.reversename.from_address(address).to_text(omit_final_dot=True), "PTR")

    async def _ask(self, name: str, kind: str) -> Answer:
        try:
            async with self._slots:
                found = await self._resolver.resolve(
                    dns.name.from_text(name), kind, raise_on_no_answer=False, lifetime=self._bounds.check
                )
        except dns.resolver.NXDOMAIN:
            return Answer(name, kind, error="nxdomain")
        except (dns.name.LabelTooLong, dns.name.NameTooLong, dns.name.EmptyLabel, dns.resolver.YXDOMAIN):
            return Answer(name, kind, error="nxdomain")
        except (dns.exception.Timeout, TimeoutError):
            return Answer(name, kind, error="timeout")
        except (dns.exception.DNSException, OSError):
            return Answer(name, kind, error="servfail")
        return _read(name, kind, found)


def _record(data: object) -> object | None:
    """PTR and SOA as the name in them, all others as zones.dns has them."""
    if isinstance(data, PTR):
        return data.target.to_text(omit_final_dot=True)
    return data.mname.to_text(omit_final_dot=True) if isinstance(data, SOA) else record_of(data)


def _read(name: str, kind: str, found: dns.resolver.Answer) -> Answer:
    canonical = found.canonical_name.to_text(omit_final_dot=True).lower()
    alias = canonical if canonical != name else ""
    if found.rrset is None:
        return Answer(name, kind, alias=alias)
    kept = tuple(record for data in list(found.rrset)[:MAX_RECORDS] if (record := _record(data)) is not None)
    return Answer(name, kind, kept, ttl=int(found.rrset.ttl), alias=alias)
