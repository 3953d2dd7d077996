"""What was in force, who changed it, how two revisions differ; a trial confirmed or undone."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from sipedge.console.frame.identity import Role
from sipedge.console.frame.page import Page, identity_of, page, sight_of, world_of
from sipedge.console.frame.rendering import rendered
from sipedge.control.refusal import BAD_REQUEST, Refused
from sipedge.revisions.files import FileSet
from sipedge.revisions.store import GONE, Revision

from .drafts import audit, desk_of, look_again

SHOWN = 200


async def revisions(request: Request) -> Response:
    desk = desk_of(request)
    problem = ""
    try:
        await desk.run(desk.revisions.settle)
    except Refused as error:
        problem = str(error)
    kept = await desk.run(desk.revisions.store.all)
    status = world_of(request).link.state.status
    stands = _in_force(kept, status["revision"] if status else "")
    shown, title = kept[:SHOWN], "Revisions"
    return page(request, "revisions.html", title, revisions=shown, kept=len(kept), problem=problem, in_force=stands)


async def trial(request: Request) -> Response:
    """The one line about it, for pages that are open."""
    return HTMLResponse(rendered("trial.html", edge=world_of(request).link.state))


async def compare(request: Request) -> Response:
    """``old`` and ``new`` in the query; without ``old``, the one that ``new`` was made from."""
    store = desk_of(request).revisions.store
    new = await desk_of(request).run(store.get, _number(request, "new"))
    old = None
    if number := _number(request, "old") if "old" in request.query_params else new.parent:
        old = await desk_of(request).run(store.get, number)
    before = await desk_of(request).run(store.texts, old) if old else FileSet({})
    after = await desk_of(request).run(store.texts, new)
    diffs = sight_of(request).diffs(await desk_of(request).check("diff", old=dict(before.texts), new=dict(after.texts)))
    return page(request, "compare.html", f"Revision {new.number}", old=old, new=new, diffs=diffs)


async def confirm(request: Request) -> Response:
    await confirmed(request)
    return RedirectResponse("/revisions", 303)


async def undo(request: Request) -> Response:
    await undone(request)
    return RedirectResponse("/revisions", 303)


async def confirmed(request: Request) -> Revision:
    """What stays. Raises Refused."""
    desk, who = desk_of(request), identity_of(request).name
    await audit(request, "confirm")
    kept = await desk.run(desk.revisions.confirm, who)
    await audit(request, "confirmed", f"revision {kept.number}", kept.digest)
    await look_again(request)
    return kept


async def undone(request: Request) -> Revision:
    """What is in force again. Raises Refused."""
    desk, who = desk_of(request), identity_of(request).name
    await audit(request, "undo")
    back = await desk.run(desk.revisions.undo, who)
    await audit(request, "undone", f"back to revision {back.number}", back.digest)
    await look_again(request)
    return back


def _in_force(kept: Iterable[Revision], digest: str) -> int:
    """Its number: the newest of those that hold what the edge reads, because some differ in their case files only. 0:
    none."""
    return next((each.number for each in kept if each.digest == digest and each.result not in GONE), 0)


def _number(request: Request, name: str) -> int:
    text = request.query_params.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Refused(BAD_REQUEST, f'"{name}" is the number of a revision')
    return int(text)


PAGES = (
    Page("/revisions", revisions, Role.AUDITOR, "Revisions"),
    Page("/trial", trial, Role.AUDITOR),
    Page("/revisions/compare", compare, Role.AUDITOR),
    Page("/revisions/confirm", confirm, Role.ADMIN, methods=("POST",)),
    Page("/revisions/undo", undo, Role.ADMIN, methods=("POST",)),
)
