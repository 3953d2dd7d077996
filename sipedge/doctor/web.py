"""Published names of an installation, and the part of an examination that looks at one."""

from __future__ import annotations

import ssl

from sipedge.doctor.checks.result import About, Result
from sipedge.doctor.checks.table import ids
from sipedge.doctor.checks.web import check_web
from sipedge.doctor.facts.web import WebName, WebServer
from sipedge.doctor.probes.web import look_up_web
from sipedge.settings import Settings
from sipedge.web_settings import Publish

from .tools import Tools


def web_names(settings: Settings) -> tuple[WebName, ...]:
    web = settings.web
    if web is None:
        return ()
    trusted = web.trusted or settings.tls.trusted
    guests = (
        WebName(entry.guest_uri, web.port, web.addresses, web_bridge_port=entry.port, trusted=trusted)
        for entry in web.meeting_servers
    )
    rules = (
        WebName(name, web.port, web.addresses, _servers(rule), trusted=trusted)
        for rule in web.publish
        for name in rule.public_names
    )
    return (*guests, *rules)


def _servers(rule: Publish) -> tuple[WebServer, ...]:
    return tuple(WebServer(server, rule.port, rule.verify_name or server) for server in rule.servers)


async def web_part(tools: Tools, name: WebName, results: list[Result]) -> None:
    """A published name: DNS outside and inside, the edge's certificate, the servers behind."""
    options = tools.options
    inside = tools.inside if options.inside_dns is not None else None
    try:
        facts = await look_up_web(
            name,
            tools.dns,
            inside,
            tools.contexts.verifying,
            tools.slots,
            options.bounds.check,
            options.allowed,
        )
    except (OSError, ssl.SSLError) as error:
        results += About(name.name).none_run(ids("web."), f"{name.trusted}: {error}")
        return
    results += check_web(facts, options.now)
