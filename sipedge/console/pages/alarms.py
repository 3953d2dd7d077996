"""What worries, what somebody has seen of it, what is over."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sipedge.console.frame.identity import Role
from sipedge.console.frame.keeping import note
from sipedge.console.frame.page import Page, identity_of, page, world_of
from sipedge.console.shown.causes import place_of
from sipedge.control.refusal import NOT_FOUND, Refused

SHOWN = 200


async def alarms(request: Request) -> Response:
    watch = world_of(request).watch
    found = await watch.asked(watch.journal.alarms, SHOWN)
    return page(request, "alarms.html", "Alarms", alarms=found, place=place_of, watch=watch)


async def count(request: Request) -> Response:
    """How many last, for the menu of a page that is open."""
    return page(request, "alarm_count.html", "Alarms")


async def see(request: Request) -> Response:
    """Somebody takes note of an alarm."""
    world, who = world_of(request), identity_of(request).name
    number = request.path_params["number"]
    await note(world.keeping, request, who, "alarm seen", f"alarm {number}")
    if not await world.watch.asked(world.watch.journal.see, number, who):
        raise Refused(NOT_FOUND, "there is no such alarm that nobody has seen yet")
    return RedirectResponse("/alarms", 303)


PAGES = (
    Page("/alarms", alarms, Role.AUDITOR, "Alarms"),
    Page("/alarms/count", count, Role.AUDITOR),
    Page("/alarms/{number:short}/see", see, Role.OPERATOR, methods=("POST",)),
)
