"""What may be asked below ``/api``, and what a control socket may be asked through it."""

from __future__ import annotations

from collections.abc import Mapping
from time import time

from starlette.requests import Request
from starlette.responses import Response

from sipedge.console.frame.identity import Role
from sipedge.console.frame.json_answer import json_answer
from sipedge.console.frame.keeping import note
from sipedge.console.frame.page import Page, identity_of, sight_of, world_of
from sipedge.console.pages.entry import found_entry, tree_under
from sipedge.console.pages.overview import BINS, SPANS
from sipedge.console.shown.wishes import TEXTS, wish_of
from sipedge.control import requests
from sipedge.control.answers import write_done, write_item, write_refusal
from sipedge.control.refusal import BAD_REQUEST, FORBIDDEN, NOT_FOUND, UNAVAILABLE, Refused
from sipedge.control.requests import read_request
from sipedge.control.values import StatusJson

from .looking import LOOKING, branch_json
from .route import Route
from .values import AlarmJson, CountedJson, EntryJson, EventJson, HistoryJson, StoredJson

CONTROL = "/api/control"
LINES = "application/x-ndjson"
MOST = 1000
LEAST: Mapping[type[requests.Request], Role] = {
    requests.Status: Role.AUDITOR,
    requests.History: Role.AUDITOR,
    requests.Log: Role.AUDITOR,
    requests.Plan: Role.AUDITOR,
    requests.Probe: Role.OPERATOR,
    requests.Load: Role.ADMIN,
    requests.Confirm: Role.ADMIN,
    requests.Restart: Role.ADMIN,
    requests.Close: Role.ADMIN,
}
"""Who may ask the edge what."""
NAMING = requests.History | requests.Log
"""What is answered with names in it."""


async def _status(request: Request) -> StatusJson:
    state = world_of(request).link.state
    if state.status is None:
        raise Refused(UNAVAILABLE, state.problem)
    return state.status


async def _history(request: Request) -> HistoryJson:
    wish = wish_of(request.query_params)
    found = await sight_of(request).find(wish)
    before = str(found[-1].key) if len(found) == wish.most else None
    return {"decisions": [{**each._asdict(), "key": str(each.key)} for each in found], "before": before}  # type: ignore[typeddict-item]


async def _entry(request: Request) -> EntryJson:
    found = await found_entry(request)
    if found is None:
        raise Refused(NOT_FOUND, "this entry is not kept any more")
    tree, under = await tree_under(request, found)
    return {"decision": found.record, "under": under, "tree": None if tree is None else branch_json(tree)}


async def _stored(request: Request) -> StoredJson:
    watch = world_of(request).watch
    stored = await watch.asked(watch.history.stored)
    return {
        "rows": stored.rows,
        "since": stored.since,
        "bytes": stored.bytes,
        "lost": stored.lost,
        "gaps": [{"time": gap.time, "count": gap.count} for gap in stored.gaps],
        "unreadable": list(stored.unreadable),
    }


async def _counts(request: Request) -> CountedJson:
    span = request.query_params.get("span", "1h")
    if span not in SPANS:
        raise Refused(BAD_REQUEST, f'"span" must be one of {", ".join(SPANS)}')
    watch, now = world_of(request).watch, time()
    counted = await watch.asked(watch.history.counted, now - SPANS[span][0], now, BINS)
    return {
        "since": counted.since,
        "step": counted.step,
        "classes": {name: list(numbers) for name, numbers in counted.classes.items()},
        "rules": dict(counted.rules),
        "failed_rules": dict(counted.failed_rules),
        "median": list(counted.median),
        "high": list(counted.high),
    }


async def _alarms(request: Request) -> list[AlarmJson]:
    watch = world_of(request).watch
    return [each._asdict() for each in await watch.asked(watch.journal.alarms, MOST)]  # type: ignore[misc]


async def _events(request: Request) -> list[EventJson]:
    watch = world_of(request).watch
    return [each._asdict() for each in await watch.asked(watch.journal.events, MOST)]  # type: ignore[misc]


async def _control(request: Request) -> Response:
    """The control socket's own words, over HTTP: a refusal of the edge is the last line, as there. What changes
    something is audited before it is asked."""
    world, who = world_of(request), identity_of(request)
    asked = read_request(await request.body())
    if isinstance(asked, requests.History | requests.Log) and asked.follow:
        raise Refused(BAD_REQUEST, "the console follows nothing; ask again")
    if who.role < LEAST[type(asked)]:
        raise Refused(FORBIDDEN, f"{who.name} is {who.role}; this needs {LEAST[type(asked)]}")
    if isinstance(asked, NAMING):
        sight_of(request).check("what the edge itself says of decisions, and its log,")
    if LEAST[type(asked)] > Role.AUDITOR:
        await note(world.keeping, request, who.name, type(asked).__name__.lower(), "over the API")
    try:
        items, value = await world.link.ask(asked)
    except Refused as error:
        return Response(write_refusal(error), media_type=LINES)
    return Response(b"".join([*map(write_item, items), write_done(value)]), media_type=LINES)


async def _document(request: Request) -> Response:
    from .document import document

    return json_answer(document())


_FILTERS = (
    *((name, f"demand on the {name.replace('_', ' ')}") for name in TEXTS),
    ("since", "not before: 2026-11-30T10:04 in UTC, or seconds since the epoch"),
    ("until", "before, as since"),
    ("before", "only what is older than the decision with this key"),
    ("most", "how many, 1000 at most"),
)
ROUTES = (
    Route("/api/status", "How the edge is, by the last look at it.", _status, StatusJson),
    Route("/api/history", "Decisions that fit, the newest first.", _history, HistoryJson, _FILTERS),
    Route(
        "/api/history/{key}", "A decision and its tree.", _entry, EntryJson, (("under", "own, force, disk or draft-7"),)
    ),
    Route("/api/stored", "What the history holds, and what it lacks.", _stored, StoredJson),
    Route("/api/counts", "Numbers by time and by rule.", _counts, CountedJson, (("span", "1h, 24h, 7d or 30d"),)),
    Route("/api/alarms", "Alarms: those that last first.", _alarms, list[AlarmJson]),
    Route("/api/events", "What has happened, the newest first.", _events, list[EventJson]),
    *LOOKING,
)
PAGES = (
    *(route.page for route in ROUTES),
    Page(CONTROL, _control, Role.AUDITOR, methods=("POST",)),
    Page("/api/openapi.json", _document, Role.AUDITOR),
)
