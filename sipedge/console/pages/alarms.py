"""What worries, what somebody has seen of it, what is over; and what has happened."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sipedge.console.frame.identity import Role
from sipedge.console.frame.keeping import note
from sipedge.console.frame.page import Page, identity_of, page, world_of
from sipedge.control.refusal import NOT_FOUND, Refused

SHOWN = 200
LOOKED_AT = 5000
"""Entries of the audit log among which is searched."""
KINDS = ("alarm", "cleared", "revision", "edge")
"""Of events."""


async def alarms(request: Request) -> Response:
    watch = world_of(request).watch
    return page(request, "alarms.html", "Alarms", alarms=await watch.asked(watch.journal.alarms, SHOWN))


async def see(request: Request) -> Response:
    """Somebody takes note of an alarm."""
    world, who = world_of(request), identity_of(request).name
    number = request.path_params["number"]
    await note(world.keeping, request, who, "alarm seen", f"alarm {number}")
    if not await world.watch.asked(world.watch.journal.see, number, who):
        raise Refused(NOT_FOUND, "there is no such alarm that nobody has seen yet")
    return RedirectResponse("/alarms", 303)


async def logs(request: Request) -> Response:
    world, given = world_of(request), request.query_params
    kind, text = given.get("kind", ""), given.get("text", "")
    events = await world.watch.asked(world.watch.journal.events, SHOWN, kind, text)
    return page(request, "logs.html", "Logs", events=events, audit=None, kinds=KINDS, kind=kind, text=text)


async def audit(request: Request) -> Response:
    world, text = world_of(request), request.query_params.get("text", "")
    newest = await world.watch.asked(world.keeping.audit.newest, LOOKED_AT)
    found = [each for each in newest if text in f"{each.who} {each.address} {each.what} {each.about}"][:SHOWN]
    return page(request, "logs.html", "Logs", audit=found or (), events=None, kinds=KINDS, kind="", text=text)


PAGES = (
    Page("/alarms", alarms, Role.AUDITOR, "Alarms"),
    Page("/alarms/{number:int}/see", see, Role.OPERATOR, methods=("POST",)),
    Page("/logs", logs, Role.AUDITOR, "Logs"),
    Page("/logs/audit", audit, Role.AUDITOR),
)
