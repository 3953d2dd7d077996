"""How the edge is, on one page."""

from __future__ import annotations

from time import time

from starlette.requests import Request
from starlette.responses import Response

from sipedge.console.frame.identity import Role
from sipedge.console.frame.page import Page, page, sight_of, world_of
from sipedge.console.shown.causes import ALIVE, anchor_of, place_of
from sipedge.console.shown.failing import kinds_of
from sipedge.console.shown.plots import answers, latency
from sipedge.history.wish import Wish

SPANS = {"1h": (3600, "hour"), "24h": (86400, "day"), "7d": (7 * 86400, "7 days"), "30d": (30 * 86400, "30 days")}
"""As they stand in the address -> seconds, and what they are called."""
BINS = 61
"""A minute each, of an hour that does not begin with one."""
RECENT = 500
"""Failures that are looked at."""
MOST_KINDS = 8
"""Of them that are shown."""
MOST_RULES = 20
DOCTOR = "doctor "
"""How the keys of alarms begin that he has raised."""


async def overview(request: Request) -> Response:
    watch, now = world_of(request).watch, time()
    chosen = request.query_params.get("span", "1h")
    seconds, words = SPANS.get(chosen, SPANS["1h"])
    counted = await watch.asked(watch.history.counted, now - seconds, now, BINS)
    failing = await sight_of(request).find(Wish(status="failed", since=now - seconds, most=RECENT))
    alarms = [each for each in await watch.asked(watch.journal.alarms, 20) if each.cleared is None]
    alarms.sort(key=lambda each: each.key.startswith(DOCTOR))  # his findings are many, and mostly follow from the rest
    status = world_of(request).link.state.status
    states = [peer["state"] for zone in (status["zones"] if status else ()) for peer in zone["peers"]]
    rules = list(counted.rules.items())[:MOST_RULES]
    return page(
        request,
        "overview.html",
        "Overview",
        span=chosen,
        spans=SPANS,
        words=words,
        counted=counted,
        rules=rules,
        failing=kinds_of(failing, MOST_KINDS),
        looked_at=len(failing),
        answers=answers(counted),
        latency=latency(counted),
        alarms=alarms,
        place=place_of,
        anchor=anchor_of,
        alive=ALIVE,
        peers=len(states),
        down=sum(state not in ALIVE for state in states),
        rate=counted.total / seconds,
        trouble=watch.trouble,
        unkept=watch.unkept,
    )


PAGES = (Page("/", overview, Role.AUDITOR, "Overview"),)
