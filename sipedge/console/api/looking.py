"""Questions without traffic, and who did what, as JSON."""

from __future__ import annotations

from starlette.requests import Request

from sipedge.console.frame.page import world_of
from sipedge.console.pages.locate import located, settings_there
from sipedge.console.shown.given import Given
from sipedge.control.refusal import BAD_REQUEST, UNPROCESSABLE, Refused
from sipedge.queries.query import QueryError
from sipedge.queries.trees.explained import Branch

from .route import Route
from .values import AuditedJson, BranchJson

MOST = 1000
"""Entries of the audit log."""


async def _locate(request: Request) -> BranchJson:
    """Under what is in force, as the page does it."""
    given = Given(request.query_params)
    if not given["alias"]:
        raise Refused(BAD_REQUEST, 'say which "alias"')
    settings, problems = await settings_there(world_of(request))
    if settings is None:
        raise Refused(UNPROCESSABLE, f"the configuration has mistakes: {problems[0]}")
    try:
        return branch_json(located(Given(given | {"message": ""}), settings))
    except QueryError as error:
        raise Refused(UNPROCESSABLE, str(error)) from None


async def _audit(request: Request) -> list[AuditedJson]:
    world = world_of(request)
    newest = await world.watch.asked(world.keeping.audit.newest, MOST)
    return [
        {
            "number": each.number,
            "time": each.time,
            "who": each.who,
            "address": each.address,
            "what": each.what,
            "about": each.about,
            "revision": each.revision,
        }
        for each in newest
    ]


def branch_json(branch: Branch) -> BranchJson:
    return {
        "words": [{"text": each.text, "tone": each.tone.value} for each in branch.words],
        "branches": [branch_json(each) for each in branch.branches],
        "place": "" if branch.location is None else str(branch.location),
    }


_ASKS = (
    ("alias", "where a request for it would go"),
    ("from", "the zone that it comes from; the Default Zone where it is left out"),
    ("traffic", "its type; found out from method and event where it is left out"),
    ("method", "INVITE where it is left out"),
    ("event", "of a SUBSCRIBE or NOTIFY"),
    ("authenticated", "1: by a password"),
)
LOOKING = (
    Route("/api/locate", "Where a request would go, and why.", _locate, BranchJson, _ASKS),
    Route("/api/audit", "Who did what from where, the newest first.", _audit, list[AuditedJson]),
)
