"""Questions to one DNS server with all that the checks need of an answer: records, TTL, alias, error.

The edge's own resolver (sipedge.network.resolver) drops what routing does not need. So the doctor asks dnspython
itself, set up in the same way. Each question has a time limit, and their number is bounded.
"""

from __future__ import annotations

import asyncio

import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver
import dns.reversename
from dns.rdtypes.ANY.PTR import PTR
from dns.rdtypes.ANY.SOA import SOA

from sipedge.doctor.facts.dns import DnsAnswer, QuestionKind
from sipedge.doctor.facts.options import Bounds
from sipedge.network.resolver import MAX_RECORDS, dns_resolver, record_of
from sipedge.settings import DnsSettings
from zones.dns import DnsRecord


class DnsClient:
    """Made and used inside one event loop. Equal questions are asked once."""

    def __init__(self, settings: DnsSettings, bounds: Bounds) -> None:
        """Raises ResolverError."""
        self._resolver = dns_resolver(settings)
        self._bounds = bounds
        self._slots = asyncio.Semaphore(bounds.at_once)
        self._asked: dict[tuple[str, QuestionKind], asyncio.Task[DnsAnswer]] = {}
        self.servers = tuple(str(server) for server in self._resolver.nameservers)

    async def ask(self, name: str, kind: QuestionKind) -> DnsAnswer:
        """Never raises."""
        key = (name.lower().removesuffix("."), kind)
        task = self._asked.get(key)
        if task is None:
            if len(self._asked) >= self._bounds.questions:
                return DnsAnswer(name, kind, error="too many questions")
            task = self._asked[key] = asyncio.create_task(self._ask(*key))
        return await task

    async def pointer(self, address: str) -> DnsAnswer:
        """The PTR records of an address (never asked for anything but to see that there is none)."""
        return await self.ask(dns.reversename.from_address(address).to_text(omit_final_dot=True), "PTR")

    async def _ask(self, name: str, kind: QuestionKind) -> DnsAnswer:
        try:
            async with self._slots:
                answer = await self._resolver.resolve(
                    dns.name.from_text(name), kind, raise_on_no_answer=False, lifetime=self._bounds.check
                )
        except dns.resolver.NXDOMAIN:
            return DnsAnswer(name, kind, error="nxdomain")
        except (dns.name.LabelTooLong, dns.name.NameTooLong, dns.name.EmptyLabel, dns.resolver.YXDOMAIN):
            return DnsAnswer(name, kind, error="nxdomain")
        except (dns.exception.Timeout, TimeoutError):
            return DnsAnswer(name, kind, error="timeout")
        except (dns.exception.DNSException, OSError):
            return DnsAnswer(name, kind, error="servfail")
        return _read(name, kind, answer)


def _record(data: object) -> DnsRecord | str | None:
    """PTR and SOA as the name in them, all others as zones.dns has them."""
    if isinstance(data, PTR):
        return data.target.to_text(omit_final_dot=True)
    return data.mname.to_text(omit_final_dot=True) if isinstance(data, SOA) else record_of(data)


def _read(name: str, kind: QuestionKind, answer: dns.resolver.Answer) -> DnsAnswer:
    canonical = answer.canonical_name.to_text(omit_final_dot=True).lower()
    alias = canonical if canonical != name else ""
    if answer.rrset is None:
        return DnsAnswer(name, kind, alias=alias)
    kept = tuple(record for data in list(answer.rrset)[:MAX_RECORDS] if (record := _record(data)) is not None)
    return DnsAnswer(name, kind, kept, ttl=int(answer.rrset.ttl), alias=alias)
