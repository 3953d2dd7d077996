"""What the DNS says about a SIP domain, and whether the addresses it gives can be reached. Facts only, no verdicts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from zones.addresses import canonical_address, may_connect
from zones.dns import MAX_ADDRESSES, SrvRecord
from zones.names import host_name
from zones.zone import MICROSOFT_SERVICE

from .dns_client import Answer, DnsClient

Reach = Callable[[str, int], Awaitable[str]]
"""Connect to address and port: '' when it worked, else why not."""


@dataclass(frozen=True, slots=True)
class TargetFacts:
    """A host name and port, with what the DNS and a connection say of it."""

    name: str
    """As the record has it; may be an address or nonsense."""
    port: int
    a: Answer | None = None
    """None: not asked, because the name is no host name."""
    aaaa: Answer | None = None
    reached: dict[str, str] = field(default_factory=dict)
    """Address -> '' or why no connection came about."""
    refused: tuple[str, ...] = ()
    """Addresses that are not to be connected to."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """All that may be connected to, IPv4 first."""
        return tuple(self.reached)

    @property
    def alias(self) -> str:
        return next((answer.alias for answer in (self.a, self.aaaa) if answer is not None and answer.alias), "")


@dataclass(frozen=True, slots=True)
class DomainFacts:
    domain: str
    srv: Answer
    chosen: SrvRecord | None = None
    """The one record that counts; None when there is none."""
    target: TargetFacts | None = None


def choose(records: Iterable[SrvRecord]) -> SrvRecord | None:
    """The Edge's choice: lowest priority, then highest weight; of equal ones any, here the first by name."""
    offered = [record for record in records if record.target not in (".", "")]
    return min(offered, key=lambda record: (record.priority, -record.weight, record.target), default=None)


async def look_up(domain: str, dns: DnsClient, reach: Reach, *, allow_loopback: bool) -> DomainFacts:
    srv = await dns.ask(f"{MICROSOFT_SERVICE}.{domain}", "SRV")
    chosen = choose(srv.services)
    if chosen is None:
        return DomainFacts(domain, srv)
    target = await look_up_target(chosen.target, chosen.port, dns, reach, allow_loopback=allow_loopback)
    return DomainFacts(domain, srv, chosen, target)


async def look_up_target(name: str, port: int, dns: DnsClient, reach: Reach, *, allow_loopback: bool) -> TargetFacts:
    """``name``: a host name, or an address where a zone's peer may be one."""
    literal = canonical_address(name)
    a = aaaa = None
    addresses = [literal] if literal else []
    if not literal and host_name(name):
        a, aaaa = await asyncio.gather(dns.ask(name, "A"), dns.ask(name, "AAAA"))
        addresses = [*a.addresses[:MAX_ADDRESSES], *aaaa.addresses[:MAX_ADDRESSES]]
    good = [address for address in dict.fromkeys(addresses) if may_connect(address, allow_loopback=allow_loopback)]
    usable = good if 0 < port < 65536 else []
    reached = await asyncio.gather(*(reach(address, port) for address in usable))
    refused = tuple(address for address in addresses if address not in good)
    return TargetFacts(name, port, a, aaaa, dict(zip(usable, reached, strict=True)), refused)
