"""A draft in the shadow of the running edge."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sipedge.console.frame.identity import Role
from sipedge.console.frame.page import Page, page, sight_of, world_of
from sipedge.control.refusal import CONFLICT, UNAVAILABLE, Refused
from sipedge.review.shadow import Shadow

from .drafts import audit, desk_of, draft_of


async def show(request: Request) -> Response:
    return page(request, "shadow.html", "Shadow", shadow=desk_of(request).shadow, masked=not sight_of(request).whole)


async def begin(request: Request) -> Response:
    """In the place of the one before. Raises Refused."""
    desk, draft = desk_of(request), await draft_of(request)
    spool = world_of(request).config.log.decisions
    if not spool:
        raise Refused(UNAVAILABLE, 'the edge writes no decisions: name a file of "decisions" under [log] in edge.toml')
    if not draft.changed:
        raise Refused(CONFLICT, f"nothing is different in draft {draft.number}")
    await audit(request, "shadow begun", f"draft {draft.number}")
    await desk.end_shadow()
    desk.shadow = await desk.run(Shadow, desk.config, spool, draft)
    return RedirectResponse("/shadow", 303)


async def end(request: Request) -> Response:
    await audit(request, "shadow ended")
    await desk_of(request).end_shadow()
    return RedirectResponse("/shadow", 303)


PAGES = (
    Page("/shadow", show, Role.AUDITOR, "Shadow"),
    Page("/drafts/{number:short}/shadow", begin, Role.OPERATOR, methods=("POST",)),
    Page("/shadow/end", end, Role.OPERATOR, methods=("POST",)),
)
