"""Looks up a SIP domain or a host name, and tries to connect to the addresses."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from sipedge.doctor.facts.domain import DomainFacts, TargetFacts, choose
from zones.addresses import Allowed, canonical_address, forbidden
from zones.dns import MAX_ADDRESSES
from zones.names import host_name
from zones.zone import MICROSOFT_SERVICE

from .dns_client import DnsClient

Reach = Callable[[str, int], Awaitable[str]]
"""Connect to address and port: '' when it worked, else why not."""


async def look_up(domain: str, dns: DnsClient, reach: Reach, allowed: Allowed) -> DomainFacts:
    srv = await dns.ask(f"{MICROSOFT_SERVICE}.{domain}", "SRV")
    chosen = choose(srv.services)
    if chosen is None:
        return DomainFacts(domain, srv)
    target = await look_up_target(chosen.target, chosen.port, dns, reach, allowed)
    return DomainFacts(domain, srv, chosen, target)


async def look_up_target(name: str, port: int, dns: DnsClient, reach: Reach, allowed: Allowed) -> TargetFacts:
    """``name``: a host name, or an address where a zone's peer may be one."""
    literal = canonical_address(name)
    a = aaaa = None
    addresses = [literal] if literal else []
    if not literal and host_name(name):
        a, aaaa = await asyncio.gather(dns.ask(name, "A"), dns.ask(name, "AAAA"))
        addresses = [*a.addresses[:MAX_ADDRESSES], *aaaa.addresses[:MAX_ADDRESSES]]
    good = [address for address in dict.fromkeys(addresses) if not forbidden(address, allowed)]
    usable = good if 0 < port < 65536 else []
    reached = await asyncio.gather(*(reach(address, port) for address in usable))
    refused = tuple(address for address in addresses if address not in good)
    return TargetFacts(name, port, a, aaaa, dict(zip(usable, reached, strict=True)), refused)
