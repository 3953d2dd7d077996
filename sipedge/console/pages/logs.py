"""What has happened, who did what, and what the edge itself has logged."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from sipedge.console.frame.identity import Role
from sipedge.console.frame.page import Page, page, sight_of, world_of
from sipedge.console.shown.wishes import address_of
from sipedge.control.channel.client import Unreachable
from sipedge.control.requests import LEVELS, LONGEST, Log
from sipedge.control.values import LogLineJson

SHOWN = 200
LOOKED_AT = 5000
"""Entries of the audit log among which is searched."""
KINDS = ("alarm", "cleared", "revision", "edge")
"""Of events."""
LONGEST_TEXT = LONGEST // 8
"""Characters of what is looked for: as JSON in a request of the control socket each may take six bytes."""


async def events(request: Request) -> Response:
    world, given = world_of(request), request.query_params
    kind, text = given.get("kind", ""), given.get("text", "")
    found = await world.watch.asked(world.watch.journal.events, SHOWN, kind, text)
    return page(request, "logs.html", "Logs", events=found, kinds=KINDS, kind=kind, text=text)


async def audit(request: Request) -> Response:
    world, text = world_of(request), request.query_params.get("text", "")
    newest = await world.watch.asked(world.keeping.audit.newest, LOOKED_AT)
    found = [each for each in newest if text in f"{each.who} {each.address} {each.what} {each.about}"][:SHOWN]
    return page(request, "audit.html", "Logs", audit=found, text=text)


async def edge(request: Request) -> Response:
    """The newest first."""
    sight_of(request).check("the log of the edge, whose lines may name people,")
    given = request.query_params
    level, text = given.get("level", ""), given.get("text", "")[:LONGEST_TEXT]
    lines, problem = list[LogLineJson](), ""
    try:
        wish = Log(level if level in LEVELS else "", text, SHOWN)
        lines = (await world_of(request).link.ask(wish))[0]
    except Unreachable as error:
        problem = str(error)
    return page(
        request,
        "edge_log.html",
        "Logs",
        again=address_of({}, "/logs/edge", level=level or None, text=text or None),
        lines=lines[::-1],
        problem=problem,
        levels=LEVELS,
        level=level,
        text=text,
    )


PAGES = (
    Page("/logs", events, Role.AUDITOR, "Logs"),
    Page("/logs/audit", audit, Role.AUDITOR),
    Page("/logs/edge", edge, Role.AUDITOR),
)
