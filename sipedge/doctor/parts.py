"""The parts of an examination. Each looks at one thing: probes gather the facts, checks judge them.

A part adds its results to the list that it is given, as they come: what came before the time was over is kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace

from sipedge.certificates.chain import Chain
from sipedge.doctor.checks.dns import check_domain, check_peer, check_service
from sipedge.doctor.checks.endpoint import PER_ADDRESS, about_endpoint, chain_of, check_endpoint, check_same
from sipedge.doctor.checks.inside import check_routing_name, check_split
from sipedge.doctor.checks.own import check_from, check_own, speaks_for
from sipedge.doctor.checks.result import About, Result
from sipedge.doctor.checks.revocation import check_revocation
from sipedge.doctor.checks.sip import IDS as SIP_IDS
from sipedge.doctor.checks.sip import check_sip
from sipedge.doctor.facts.domain import DomainFacts, TargetFacts, choose
from sipedge.doctor.facts.endpoint import Endpoint, EndpointFacts
from sipedge.doctor.facts.sip import NOBODY
from sipedge.doctor.probes.domain import look_up, look_up_target
from sipedge.doctor.probes.endpoint import examine_endpoint
from sipedge.doctor.probes.inside import look_up_routing_name, look_up_split
from sipedge.doctor.probes.revocation import ask_revocation
from sipedge.doctor.probes.sip import ask_sip
from zones.addresses import ANYWHERE
from zones.names import host_name
from zones.zone import MICROSOFT_SERVICE

from .peers import ZonePeer
from .tools import Tools

Results = list[Result]
PER_NAME = ("tls.same-certificate", "tls.revocation")
MAX_SERVICE_TARGETS = 16


async def domain_part(tools: Tools, domain: str, results: Results) -> None:
    """A SIP domain: its record, its Edge's certificate, its answers."""
    options = tools.options
    facts = await look_up(domain, tools.dns, tools.reach, options.allowed)
    results += check_domain(facts, options.hosting_providers, public=not options.allowed.loopback)
    if options.inside_dns is not None:
        own = domain in options.own_domains or any(name.endswith(f".{domain}") for name in options.routing_names)
        results.append(check_split(await look_up_split(domain, tools.dns, tools.inside), own=own))
    speaks = tools.own is not None and options.faces_partners and speaks_for(tools.own, options, domain)
    if options.direction.outbound and (speaks or tools.own is None):
        results.append(check_from(tools.own, facts))
    target = facts.target
    endpoints = [] if target is None else _endpoints(domain, target)
    if not endpoints:
        why = "there is no address to connect to"
        sip = SIP_IDS if options.direction.inbound else ()
        results += About(domain, facts.srv.name).none_run((*PER_ADDRESS, *PER_NAME, *sip), why)
        return
    shown = await _handshakes(tools, endpoints, client_auth=options.direction.outbound and not speaks, results=results)
    if options.direction.inbound:
        await _sip(tools, shown, await _sender(tools, domain), results)


def _endpoints(domain: str, target: TargetFacts) -> list[Endpoint]:
    name = host_name(target.name)
    return [Endpoint(domain, address, target.port, name, (name,)) for address, why in target.reached.items() if not why]


async def _handshakes(
    tools: Tools, endpoints: list[Endpoint], *, client_auth: bool, results: Results
) -> list[EndpointFacts]:
    async def look_at(endpoint: Endpoint) -> EndpointFacts:
        facts = await examine_endpoint(endpoint, tools.contexts, tools.slots, tools.options.bounds.check)
        results.extend(check_endpoint(facts, tools.options, tools.trust, client_auth=client_auth))
        return facts

    shown = await asyncio.gather(*(look_at(endpoint) for endpoint in endpoints))
    results.append(check_same(endpoints[0].domain, shown))
    results += await _revocations(tools, shown)
    return shown


async def _revocations(tools: Tools, shown: list[EndpointFacts]) -> Results:
    """Each different certificate once."""

    async def ask(facts: EndpointFacts, chain: Chain) -> Result:
        answer = await ask_revocation(chain, tools.options, tools.dns, tools.slots)
        return check_revocation(about_endpoint(facts), answer)

    chains = {chain.identity.fingerprint: (facts, chain) for facts in shown if (chain := chain_of(facts)) is not None}
    return await asyncio.gather(*(ask(facts, chain) for facts, chain in chains.values()))


async def _sender(tools: Tools, domain: str) -> str:
    """The domain to write into From: one that the presented certificate may speak for."""
    if tools.options.own_domains:
        return domain if domain in tools.options.own_domains else tools.options.own_domains[0]
    if tools.own is None or tools.own.chain is None:
        return NOBODY
    if speaks_for(tools.own, tools.options, domain):
        return domain
    parents = dict.fromkeys(name.partition(".")[2] for name in tools.own.chain.identity.names)
    for parent in list(filter(None, parents))[:4]:
        answer = await tools.dns.ask(f"{MICROSOFT_SERVICE}.{parent}", "SRV")
        if any(host_name(record.target) in tools.own.chain.identity.names for record in answer.services):
            return parent
    return NOBODY


async def _sip(tools: Tools, shown: Iterable[EndpointFacts], sender: str, results: Results) -> None:
    async def ask(facts: EndpointFacts) -> None:
        if not facts.main.ok:
            results.extend(about_endpoint(facts).none_run(SIP_IDS, "no connection: tls.handshake"))
            return
        results.extend(check_sip(await ask_sip(facts, tools.contexts, sender, tools.slots, tools.options.bounds.check)))

    await asyncio.gather(*(ask(facts) for facts in shown))


async def from_part(tools: Tools, domain: str, results: Results) -> None:
    """A SIP domain of this side that is not examined otherwise: may the certificate speak for it?"""
    srv = await tools.dns.ask(f"{MICROSOFT_SERVICE}.{domain}", "SRV")
    results.append(check_from(tools.own, DomainFacts(domain, srv, choose(srv.services))))


async def own_part(tools: Tools, results: Results) -> None:
    if tools.own is not None:
        results += check_own(tools.own, tools.options, tools.trust)


async def service_part(tools: Tools, service: str, domain: str, results: Results) -> None:
    answer = await tools.dns.ask(f"{service}.{domain}", "SRV")

    async def nowhere(_: str, __: int) -> str:
        return ""

    records = [record for record in answer.services if record.target not in (".", "")][:MAX_SERVICE_TARGETS]
    targets = await asyncio.gather(
        *(look_up_target(record.target, record.port, tools.dns, nowhere, tools.options.allowed) for record in records)
    )
    results += check_service(domain, answer, list(targets))


async def routing_part(tools: Tools, name: str, results: Results) -> None:
    """A federation-routing FQDN belongs to this side's domain above it."""
    results += check_routing_name(await look_up_routing_name(name.partition(".")[2], name, tools.inside))


async def peer_part(tools: Tools, peer: ZonePeer, results: Results) -> None:
    """A peer of a zone: its name is looked up where the installation looks, inside where there is an inside view."""
    label = f'zone "{peer.zone}"'
    target = await look_up_target(peer.host, peer.port, tools.inside, tools.reach, ANYWHERE)
    results += check_peer(About(label, peer.host), target)
    endpoints = [
        Endpoint(label, address, peer.port, host_name(peer.host), peer.names, peer.wildcards)
        for address, why in target.reached.items()
        if not why and peer.tls
    ]
    if endpoints:
        inbound = replace(tools, options=replace(tools.options, revocation=False))
        await _handshakes(inbound, endpoints, client_auth=False, results=results)
