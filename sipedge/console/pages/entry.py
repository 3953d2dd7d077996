"""One decision: what came of it, and its tree under the plan that it was made with or under another one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from dialplan.search.search import CompiledPlan
from sipedge.config import ConfigError, load_config
from sipedge.console.frame.identity import Role
from sipedge.console.frame.page import Page, identity_of, no_page, page, sight_of, world_of
from sipedge.console.frame.sight import Decision
from sipedge.console.frame.world import World
from sipedge.console.shown.alike import alike
from sipedge.console.shown.case import case_of
from sipedge.console.shown.causes import anchor_of
from sipedge.console.shown.ladder import ladder_of
from sipedge.console.shown.refusals import words_of
from sipedge.console.shown.wishes import address_of, wish_of
from sipedge.control.refusal import NOT_FOUND, Refused
from sipedge.control.words import short
from sipedge.history.wish import key_of
from sipedge.queries.trees.explained import Branch
from sipedge.queries.unmask import clear_of
from sipedge.revisions.files import FileSet

OWN, IN_FORCE, ON_DISK, DRAFT = "own", "force", "disk", "draft-"
"""As they stand in the address, the last one with the number of a draft behind it."""
PLANS = {OWN: "as decided", IN_FORCE: "in force now", ON_DISK: "files on disk"}
MOST_DRAFTS = 5
"""That are offered."""
MOST_ALIKE = 10_000
"""Entries like one that are counted."""
GONE = "this entry is not kept any more"
SAME_CALL = 30
"""Entries of the same Call-ID that are listed."""


async def entry(request: Request) -> Response:
    world, sight = world_of(request), sight_of(request)
    decision = await found_entry(request)
    if decision is None:
        return no_page(request, NOT_FOUND, GONE)
    found = decision.record
    plan, which = await plan_under(request, found)
    tree, explanation = (decision.tree(plan), decision.again(plan)) if plan else (None, None)
    case = case_of(found, explanation)
    return page(
        request,
        "entry.html",
        f"{found['method']} {found['status'] or 'without answer'}",
        found=found,
        tree=tree,
        under=request.query_params.get("under", OWN),
        which=which,
        case=case.block(case.name(())) if case else "",
        drafts=await world.desk.run(world.desk.drafts.all) if case else [],
        same=await sight.same_call(decision, SAME_CALL),
        plans=PLANS | (await _drafts(world) if sight.whole else {}),
        without="" if tree else _why_none(found),
        doctor=words_of(found),
        key=request.path_params["key"],
        what_if=_what_if(found) if sight.whole else "",
        alike=_alike(found),
        anchor=anchor_of,
        messages=bool(world.config.log.messages) and sight.whole,
        call_id=(await _clear(request))(found["call_id"]),
        masked=not sight.whole,
    )


async def counted_alike(request: Request) -> Response:
    """How many there are like it today: asked when the page is there already, because it may take a while."""
    decision = await found_entry(request)
    if decision is None:
        return no_page(request, NOT_FOUND, GONE)
    found = decision.record
    count: int | None = None
    with suppress(Refused):  # it takes too long
        count = await sight_of(request).count(replace(wish_of(_demands(found)), most=MOST_ALIKE))
    return page(request, "alike.html", "Like it", alike=_alike(found), count=count, most=MOST_ALIKE)


async def ladder(request: Request) -> Response:
    """The messages of its Call-ID, where the edge records them."""
    sight_of(request).check("the ladder, whose messages name people,")
    world, decision = world_of(request), await found_entry(request)
    if decision is None:
        return no_page(request, NOT_FOUND, GONE)
    log, found = world.config.log, decision.record
    seen = (
        await world.watch.asked(ladder_of, log.messages, log.rotate_count, found["call_id"]) if log.messages else None
    )
    clear = await _clear(request)
    return page(
        request,
        "ladder.html",
        "Ladder",
        found=found,
        ladder=seen,
        texts=[(title, clear(text)) for title, text in (seen.messages if seen else ())],
        key=request.path_params["key"],
        messages=bool(log.messages),
        call_id=clear(found["call_id"]),
    )


async def _clear(request: Request) -> Callable[[str], str]:
    """What a hidden zone has sealed, opened for who may more than read, where the console can read the secret."""
    if identity_of(request).role < Role.OPERATOR or not sight_of(request).whole:
        return str
    settings, _ = await world_of(request).watch.disk.settings()
    return str if settings is None or settings.secret_made_up else clear_of(settings)


async def tree_under(request: Request, decision: Decision) -> tuple[Branch | None, str]:
    """(the tree of a decision under the plan that the request names, what that is called)."""
    plan, which = await plan_under(request, decision.record)
    return (decision.tree(plan) if plan else None), which


async def found_entry(request: Request) -> Decision | None:
    """As who asks sees it; None where it is not kept any more."""
    try:
        key = key_of(request.path_params["key"])
    except ValueError:
        return None
    return await sight_of(request).entry(key)


async def _drafts(world: World) -> dict[str, str]:
    """As ``under`` has them -> what they are called."""
    changed = [each for each in await world.desk.run(world.desk.drafts.all) if each.changed][:MOST_DRAFTS]
    return {f"{DRAFT}{each.number}": f"draft {each.number}" for each in changed}


async def plan_under(request: Request, found: Mapping[str, Any]) -> tuple[CompiledPlan | None, str]:
    """(the plan that the request names, what it is called)."""
    world, under = world_of(request), request.query_params.get("under", OWN)
    if under == ON_DISK:
        settings, _ = await world.watch.disk.settings()
        return (settings.plan if settings else None), "what the files hold now"
    if under.startswith(DRAFT):
        sight_of(request).check_drafts()
        return await _drafted(world, under.removeprefix(DRAFT))
    status = world.link.state.status
    revision = (status["revision"] if status else "") if under == IN_FORCE else found["revision"]
    return await world.watch.plans.of(revision), f"revision {short(revision)}"


async def _drafted(world: World, number: str) -> tuple[CompiledPlan | None, str]:
    """Raises Refused where there is no such draft."""
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        raise Refused(NOT_FOUND, "there is no such draft")
    desk = world.desk
    draft = await desk.run(desk.drafts.get, int(number))
    try:
        texts = FileSet(draft.texts).at(desk.config)
        settings = await desk.run(load_config, desk.config, create_secret=False, texts=texts)
    except ConfigError:
        return None, f"draft {number}, which has mistakes"
    return settings.plan, f"draft {number}"


def _why_none(found: Mapping[str, Any]) -> str:
    if found["route"]:
        return f'A signed Route led to zone "{found["route"]}": nothing was searched.'
    if found["decided_by"] == "refused":
        return "It was refused before a rule was asked."
    return "This plan is not kept, or cannot be read."


def _alike(found: Mapping[str, Any]) -> str:
    """The history of today, of what is like it."""
    return address_of(_demands(found), "/history")


def _demands(found: Mapping[str, Any]) -> dict[str, str]:
    return alike(found) | {"since": f"{datetime.now(UTC):%Y-%m-%dT00:00}"}


def _what_if(found: Mapping[str, Any]) -> str:
    """The page that asks the same again, to be changed there."""
    asked = {"alias": found["alias"], "from": found["zone"], "traffic": found["traffic"]}
    if found["authenticated"]:
        asked["authenticated"] = "1"
    return f"/locate?{urlencode(asked, errors='surrogatepass')}"


PAGES = (
    Page("/history/{key}", entry, Role.AUDITOR),
    Page("/history/{key}/alike", counted_alike, Role.AUDITOR),
    Page("/history/{key}/ladder", ladder, Role.AUDITOR),
)
