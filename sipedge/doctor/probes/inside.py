"""Asks the inside DNS: for the federation-routing FQDN, and for what the outside DNS says of a SIP domain."""

from __future__ import annotations

import asyncio

from sipedge.doctor.facts.inside import RoutingNameFacts, SplitFacts
from zones.zone import MICROSOFT_SERVICE

from .dns_client import DnsClient


async def look_up_routing_name(domain: str, name: str, inside: DnsClient) -> RoutingNameFacts:
    """``name``: the federation-routing FQDN."""
    answer = await inside.ask(name, "A")
    pointers = await asyncio.gather(*(inside.pointer(address) for address in answer.addresses))
    return RoutingNameFacts(domain, name, answer, tuple(pointers))


async def look_up_split(domain: str, outside: DnsClient, inside: DnsClient) -> SplitFacts:
    name = f"{MICROSOFT_SERVICE}.{domain}"
    answers = await asyncio.gather(outside.ask(name, "SRV"), inside.ask(name, "SRV"), inside.ask(domain, "SOA"))
    return SplitFacts(domain, *answers)
