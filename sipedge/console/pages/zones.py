"""Zones with their peers and connections, who may speak through them, and the plan as a picture."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from time import time
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sipedge.console.frame.identity import Role
from sipedge.console.frame.keeping import note
from sipedge.console.frame.page import Page, identity_of, no_page, page, sight_of, world_of
from sipedge.console.shown.causes import ALIVE, anchor_of
from sipedge.console.shown.rule_graph import MOST, rule_graph
from sipedge.control.refusal import BAD_REQUEST, UNPROCESSABLE, Refused
from sipedge.control.requests import Close, Probe
from sipedge.control.values import ProbedJson, StatusJson
from sipedge.history.wish import Wish

LATELY = 86400
"""Seconds of which the picture counts."""
HOUR = 3600
"""Seconds of which failures are counted."""
LOOKED_AT = 500
"""Failures, the newest."""


class Use(NamedTuple):
    """Of one peer, on the connections that the edge has with its address."""

    connections: int
    transactions: int
    """That wait for an answer."""


async def zones(request: Request) -> Response:
    return await _zones(request, None)


async def _zones(request: Request, probed: ProbedJson | None) -> Response:
    world = world_of(request)
    wish = Wish(status="failed", since=time() - HOUR, most=LOOKED_AT)
    failed = await sight_of(request).find(wish)
    return page(
        request,
        "zones.html",
        "Zones",
        alive=ALIVE,
        probed=probed,
        uses=uses_of(world.link.state.status),
        failed=Counter(zone for each in failed for zone in {each.zone, each.target}),
        anchor=anchor_of,
        looked_at=len(failed),
        most=LOOKED_AT,
        since=f"{datetime.fromtimestamp(wish.since, UTC):%Y-%m-%dT%H:%M}",
    )


def uses_of(status: StatusJson | None) -> dict[tuple[str, str], Use]:
    """(zone, peer as the zone lists it) -> what is open with it. A peer that has called has another port."""
    found = {}
    for zone in status["zones"] if status else ():
        for peer in zone["peers"]:
            host = peer["peer"].rpartition(":")[0]
            there = [
                each
                for each in (status["connections"] if status else ())
                if each["zone"] == zone["name"] and each["peer"].rpartition(":")[0] == host
            ]
            found[zone["name"], peer["peer"]] = Use(len(there), sum(each["transactions"] for each in there))
    return found


async def speakers(request: Request) -> Response:
    """Proved about the files on the disk, by a process of its own."""
    world = world_of(request)
    settings, problems = await world.watch.disk.settings()
    if settings is None:
        sentence = "the configuration has mistakes, so nobody can say who may speak"
        return no_page(request, UNPROCESSABLE, sentence, problems)
    found: list[dict[str, Any]] = await world.desk.study("speakers")
    return page(request, "speakers.html", "Who may speak", speakers=found, domains=settings.domains)


async def graph(request: Request) -> Response:
    world = world_of(request)
    status, now = world.link.state.status, time()
    plan = await world.watch.plans.of(status["revision"]) if status else None
    counted = await world.watch.asked(world.watch.history.counted, now - LATELY, now, 1)
    picture = rule_graph(plan.dialplan, counted.rules) if plan else None
    return page(request, "graph.html", "The rules as a picture", picture=picture, most=MOST)


async def probe(request: Request) -> Response:
    """An OPTIONS to each peer, now."""
    zone = (await request.form()).get("zone")
    if not isinstance(zone, str) or not zone:
        raise Refused(BAD_REQUEST, "say which zone")
    world = world_of(request)
    await note(world.keeping, request, identity_of(request).name, "probe", zone)
    _, probed = await world.link.ask(Probe(zone))
    return await _zones(request, probed)


async def close(request: Request) -> Response:
    number = (await request.form()).get("connection")
    if not isinstance(number, str) or not (number.isascii() and number.isdigit() and len(number) < 10):
        raise Refused(BAD_REQUEST, "say which connection, by its number")
    world = world_of(request)
    await note(world.keeping, request, identity_of(request).name, "close", f"connection {number}")
    await world.link.ask(Close(int(number)))
    await world.link.look()
    return RedirectResponse("/zones", 303)


PAGES = (
    Page("/zones", zones, Role.AUDITOR, "Zones"),
    Page("/zones/speakers", speakers, Role.AUDITOR),
    Page("/zones/graph", graph, Role.AUDITOR),
    Page("/zones/probe", probe, Role.OPERATOR, methods=("POST",)),
    Page("/zones/close", close, Role.ADMIN, methods=("POST",)),
)
