"""What was decided, by filters; the same as CSV."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator
from dataclasses import replace
from io import StringIO

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from sipedge.console.frame.identity import Role
from sipedge.console.frame.page import Page, page, sight_of, world_of
from sipedge.console.frame.sight import Sight
from sipedge.console.frame.world import World
from sipedge.console.shown.given import Given
from sipedge.console.shown.wishes import MOST, address_of, wish_of
from sipedge.control.refusal import Refused
from sipedge.control.times import moment
from sipedge.history.wish import NO_RULE, REFUSED, SIGNED_ROUTE, Found, Wish
from sipedge.printable import escaped

METHODS = ("MESSAGE", "INVITE", "SUBSCRIBE", "NOTIFY", "BENOTIFY", "PUBLISH", "OPTIONS", "BYE", "SERVICE")
STATUSES = ("failed", "2xx", "3xx", "4xx", "5xx", "6xx")
COLUMNS = (
    *("time", "method", "alias", "request_uri", "from", "zone", "target", "rule"),
    *("status", "ms", "revision", "call_id"),
)
LONGEST_LIST = 100_000
"""Entries of a CSV."""
_SPREADSHEET = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so would be taken for a formula."""


async def history(request: Request) -> Response:
    world, given = world_of(request), Given(request.query_params)
    watch, sight, found, problem = world.watch, sight_of(request), list[Found](), ""
    try:
        wish = wish_of(given)
        found = await sight.find(wish)
    except Refused as refused:
        wish, problem = Wish(), str(refused)
    older = address_of(given, "/history", before=found[-1].key) if len(found) == wish.most else ""
    return page(
        request,
        "history.html",
        "History",
        found=found,
        given=given,
        problem=problem,
        older=older,
        statuses=STATUSES,
        methods=METHODS,
        rules=await _rules(world),
        zones=_zones(world),
        live=not (given["before"] or given["until"] or problem),
        here_again=address_of(given, "/history"),
        csv=address_of(given, "/history.csv"),
        stored=None if found else await watch.asked(watch.history.stored),
        trouble=watch.trouble,
        masked=not sight.whole,
    )


async def as_csv(request: Request) -> Response:
    wish, sight = replace(wish_of(request.query_params), most=MOST), sight_of(request)
    first = await sight.find(wish)  # now, while one can still be told why it cannot be
    name = {"Content-Disposition": 'attachment; filename="history.csv"'}
    return StreamingResponse(_lines(sight, wish, first), media_type="text/csv; charset=utf-8", headers=name)


async def _lines(sight: Sight, wish: Wish, found: list[Found]) -> AsyncIterator[bytes]:
    """In pieces: the edge's decisions come and go meanwhile, and no piece holds the loop. ``found``: the first."""
    yield _row(COLUMNS) + b"".join(map(_line, found))
    for _ in range(1, LONGEST_LIST // MOST):
        if len(found) < wish.most:
            return
        wish = replace(wish, before=found[-1].key)
        found = await sight.find(wish)
        yield b"".join(map(_line, found))


def _line(each: Found) -> bytes:
    who = each.alias, each.request_uri, each.sender, each.zone, each.target, each.rule
    ms = "" if each.ms is None else f"{each.ms:g}"
    return _row((moment(each.time), each.method, *who, str(each.status), ms, each.revision, each.call_id))


def _row(cells: tuple[str, ...]) -> bytes:
    stream = StringIO()
    csv.writer(stream).writerow([f"{_quote(cell)}{escaped(cell)}" for cell in cells])
    return stream.getvalue().encode()


def _quote(cell: str) -> str:
    return "'" if cell.startswith(_SPREADSHEET) else ""


async def _rules(world: World) -> list[str]:
    """To choose from: those in force, and the words in the place of a rule."""
    status = world.link.state.status
    plan = await world.watch.plans.of(status["revision"]) if status else None
    return [*(rule.rule.name for rule in plan.rules if plan), NO_RULE, SIGNED_ROUTE, REFUSED] if plan else []


def _zones(world: World) -> list[str]:
    status = world.link.state.status
    return [zone["name"] for zone in status["zones"]] if status else []


PAGES = (
    Page("/history", history, Role.AUDITOR, "History"),
    Page("/history.csv", as_csv, Role.AUDITOR),
)
