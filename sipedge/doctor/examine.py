"""One examination: domains, zones and the own certificate, all at the same time, within the bounds of the options."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass, field, replace

from sipedge.doctor.checks.endpoint import PER_ADDRESS
from sipedge.doctor.checks.notify_return import check_notify_return
from sipedge.doctor.checks.result import About, Result
from sipedge.doctor.checks.sip import IDS as SIP_IDS
from sipedge.doctor.checks.table import ids
from sipedge.doctor.facts.options import Options
from sipedge.doctor.facts.web import WebName
from sipedge.doctor.facts.xmpp import XmppDomain
from sipedge.settings import Settings
from zones.names import to_ascii

from . import parts
from .peers import ZonePeer, peers_of, services_of
from .report import Report
from .tools import DoctorError, Tools, make_tools
from .web import web_part
from .xmpp import xmpp_part

Progress = Callable[[str, int, int], None]
"""Called when a part is done: its name, parts done, parts in all."""

_log = logging.getLogger("sipedge.doctor")


async def examine(options: Options, progress: Progress | None = None) -> Report:
    """Every check that the options allow. Raises DoctorError and ResolverError for options that cannot work."""
    started = time.monotonic()
    options = _normalised(options)
    tools = await asyncio.to_thread(make_tools, options)  # reading CAs takes tens of milliseconds
    all_parts = list(_parts(tools))
    await _run(all_parts, options.bounds.whole, progress)
    results = [result for part in all_parts for result in part.outcome()]
    if options.settings is not None:
        results += _notify_return(options, options.settings)
    complete = not any(part.unfinished for part in all_parts)
    return Report(tuple(results), options.domains, time.monotonic() - started, complete)


@dataclass(slots=True)
class _Part:
    """One thing to look at, with its results so far."""

    name: str
    expected: tuple[str, ...]
    """Ids of checks that are reported as not run when the time is over before their results came."""
    start: Callable[[list[Result]], Coroutine[None, None, None]]
    results: list[Result] = field(default_factory=list)
    unfinished: str = "the time for everything was over"
    """Why not all results came; '' when they did."""

    def outcome(self) -> list[Result]:
        came = {result.id for result in self.results}
        missing = [id for id in self.expected if id not in came] if self.unfinished else ()
        return self.results + About(self.name).none_run(missing, self.unfinished)

    async def run(self) -> None:
        """Never raises: whatever strangers send, an error in one part leaves the other parts alone."""
        try:
            await self.start(self.results)
        except Exception as error:
            _log.exception("the doctor failed on %s", self.name)
            self.unfinished = f"the doctor itself failed: {type(error).__name__}"
        else:
            self.unfinished = ""


async def _run(all_parts: list[_Part], seconds: float, progress: Progress | None) -> None:
    done = 0

    async def run_counted(part: _Part) -> None:
        nonlocal done
        await part.run()
        done += 1
        if progress is not None:
            progress(part.name, done, len(all_parts))

    tasks = [asyncio.create_task(run_counted(part)) for part in all_parts]
    if not tasks:
        return
    if progress is not None:
        progress(all_parts[0].name, 0, len(all_parts))
    try:
        await asyncio.wait(tasks, timeout=seconds)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _parts(tools: Tools) -> Iterator[_Part]:
    options = tools.options
    sip = SIP_IDS if options.direction.inbound else ()
    if tools.own is not None:
        yield _Part("this side", ids("own."), lambda results: parts.own_part(tools, results))
    for domain in options.domains:
        yield _domain(tools, domain, ("dns.srv", *PER_ADDRESS, *sip))
    if options.direction.outbound and options.faces_partners and tools.own is not None:
        yield from (_from(tools, domain) for domain in options.own_domains if domain not in options.domains)
    for service, domain in options.services:
        yield _service(tools, service, domain)
    yield from (_xmpp(tools, domain) for domain in options.xmpp)
    yield from (_web(tools, name) for name in options.web)
    yield from (_routing(tools, name) for name in options.routing_names)
    yield from (_peer(tools, peer) for settings in _looked_at(options) for peer in peers_of(settings))


def _domain(tools: Tools, domain: str, expected: tuple[str, ...]) -> _Part:
    return _Part(domain, expected, lambda results: parts.domain_part(tools, domain, results))


def _xmpp(tools: Tools, domain: XmppDomain) -> _Part:
    return _Part(domain.name, ids("xmpp."), lambda results: xmpp_part(tools, domain, results))


def _web(tools: Tools, name: WebName) -> _Part:
    return _Part(name.name, ids("web."), lambda results: web_part(tools, name, results))


def _from(tools: Tools, domain: str) -> _Part:
    return _Part(domain, ("sip.from",), lambda results: parts.from_part(tools, domain, results))


def _routing(tools: Tools, name: str) -> _Part:
    expected = ("dns.routing-address", "dns.routing-pointer")
    return _Part(name, expected, lambda results: parts.routing_part(tools, name, results))


def _peer(tools: Tools, peer: ZonePeer) -> _Part:
    return _Part(f'zone "{peer.zone}"', ("dns.peer",), lambda results: parts.peer_part(tools, peer, results))


def _service(tools: Tools, service: str, domain: str) -> _Part:
    expected = ("dns.service", "dns.service-target")
    return _Part(domain, expected, lambda results: parts.service_part(tools, service, domain, results))


def _looked_at(options: Options) -> Iterator[Settings]:
    """The installation with those zones whose peers are examined; nothing where there is none."""
    if options.settings is not None:
        zones = [zone for zone in options.settings.zones if options.zone in ("", zone.name)]
        yield replace(options.settings, zones=tuple(zones))


def _notify_return(options: Options, settings: Settings) -> list[Result]:
    if options.zone and not options.routing_names:
        return []
    if not options.routing_names:
        about = About(settings.system_name)
        return [about.not_run("sip.notify-return", "no federation-routing FQDN is known: give --federation-routing")]
    own = {domain.lower() for domain in (*options.own_domains, *settings.domains)}
    partners = [domain for domain in options.domains if domain not in own]
    return [result for name in options.routing_names for result in check_notify_return(settings, name, partners)]


def _normalised(options: Options) -> Options:
    """Names in their one spelling. Raises DoctorError."""
    services = [*options.services, *(found for settings in _looked_at(options) for found in services_of(settings))]
    return replace(
        options,
        domains=_names(options.domains),
        own_domains=_names(options.own_domains),
        routing_names=_names(options.routing_names),
        xmpp=tuple(replace(domain, name=_names([domain.name])[0]) for domain in options.xmpp),
        services=tuple(dict.fromkeys((service.lower(), _names([domain])[0]) for service, domain in services)),
    )


def _names(texts: Iterable[str]) -> tuple[str, ...]:
    names = {text: to_ascii(text) for text in texts}
    for text, name in names.items():
        if not name:
            raise DoctorError(f"{ascii(text[:100])} is no domain name")
    return tuple(dict.fromkeys(names.values()))
