"""XMPP domains of an installation, and the part of an examination that looks at one."""

from __future__ import annotations

import asyncio

from sipedge.doctor.checks.result import Result
from sipedge.doctor.checks.xmpp import check_xmpp
from sipedge.doctor.facts.xmpp import XmppDomain, XmppFacts
from sipedge.doctor.probes.domain import look_up_target
from sipedge.doctor.probes.xmpp import ask_stream
from sipedge.settings import Xmpp, XmppRoute

from .tools import Tools

MAX_TARGETS = 8
"""Targets of one domain that are looked at, the lowest priorities first."""


def xmpp_domains(xmpp: Xmpp) -> tuple[XmppDomain, ...]:
    """Ours as the world sees them, and the partners that the configuration names; none at the inside edge of a pair."""
    if xmpp.role == "inside":
        return ()
    partners = dict.fromkeys((*xmpp.allow, *(route.domain for route in _routes(xmpp))))
    return tuple(xmpp_domain(name, xmpp) for name in (*xmpp.domains, *xmpp.chat_node_aliases, *partners))


def xmpp_domain(name: str, xmpp: Xmpp | None) -> XmppDomain:
    """With its static routes."""
    routes = _routes(xmpp) if xmpp is not None else ()
    return XmppDomain(name, tuple((route.address, route.port) for route in routes if route.domain == name))


def _routes(xmpp: Xmpp) -> tuple[XmppRoute, ...]:
    return xmpp.routes if xmpp.use_static_routes else ()


async def xmpp_part(tools: Tools, domain: XmppDomain, results: list[Result]) -> None:
    """An XMPP domain: its record, its servers, their streams and certificates, as a federated server sees them."""
    options = tools.options
    srv = None if domain.routes else await tools.dns.ask(f"_xmpp-server._tcp.{domain.name}", "SRV")
    records = [] if srv is None else [record for record in srv.services if record.target not in (".", "")]
    by_priority = sorted(records, key=lambda record: (record.priority, -record.weight))
    places = [*domain.routes, *((record.target, record.port) for record in by_priority)][:MAX_TARGETS]
    targets = await asyncio.gather(
        *(look_up_target(host, port, tools.dns, tools.reach, options.allowed) for host, port in places)
    )
    open_ones = [
        (address, target.port) for target in targets for address, problem in target.reached.items() if not problem
    ]
    streams = await asyncio.gather(
        *(
            ask_stream(*place, domain.name, options.xmpp_sender, tools.contexts, tools.slots, options.bounds.check)
            for place in dict.fromkeys(open_ones)
        )
    )
    facts = XmppFacts(domain, srv, tuple(targets), tuple(streams))
    results += check_xmpp(facts, options.now, chain_counts=options.xmpp_chain_counts)
