"""Changes by programs, as JSON: what is there, what another set of texts would do, that set put in force."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypedDict

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sipedge.console.frame.identity import Role
from sipedge.console.frame.page import Page, identity_of
from sipedge.control.refusal import BAD_REQUEST, Refused
from sipedge.revisions.applying import CONFIRM_WITHIN, Wish
from sipedge.revisions.files import read_set
from sipedge.revisions.store import Revision

from .drafts import audit, desk_of
from .review import applied, reviewed
from .revisions import confirmed, undone


class TextsJson(TypedDict):
    digest: str
    texts: Mapping[str, str]
    """Name -> text: edge.toml and its dial plans."""


class RevisionJson(TypedDict):
    number: int
    digest: str
    parent: int
    time: float
    who: str
    comment: str
    result: str
    note: str
    changes: str
    version: str


async def texts(request: Request) -> Response:
    """What the disk holds."""
    held = await desk_of(request).run(read_set, desk_of(request).config)
    answer: TextsJson = {"digest": held.digest, "texts": held.texts}
    return JSONResponse(answer)


async def revisions(request: Request) -> Response:
    kept = await desk_of(request).run(desk_of(request).revisions.store.all)
    return JSONResponse([_revision_json(each) for each in kept])


async def review(request: Request) -> Response:
    """Of ``texts`` in the body against what the disk holds: a ``ReviewJson``."""
    desk, body = desk_of(request), await _body(request)
    held = await desk.run(read_set, desk.config)
    return JSONResponse(await reviewed(desk, held.texts, _texts(body)))


async def apply(request: Request) -> Response:
    """``base``: the digest of what the texts were made from. ``texts``, ``comment``, ``confirm_within`` (seconds)."""
    body = await _body(request)
    base, comment, within = body.get("base"), body.get("comment", ""), body.get("confirm_within", CONFIRM_WITHIN)
    if not isinstance(base, str) or not isinstance(comment, str) or not isinstance(within, int | float):
        raise Refused(BAD_REQUEST, '"base" and "comment" are text, "confirm_within" is a number of seconds')
    if not 0 <= within <= 3600 or isinstance(within, bool):
        raise Refused(BAD_REQUEST, '"confirm_within" is from 0 to 3600 seconds; 0: it stays')
    wish = Wish(base, _texts(body), identity_of(request).name, comment[:500], float(within))
    return JSONResponse(_revision_json(await applied(request, wish)))


async def confirm(request: Request) -> Response:
    return JSONResponse(_revision_json(await confirmed(request)))


async def undo(request: Request) -> Response:
    return JSONResponse(_revision_json(await undone(request)))


async def roll_back(request: Request) -> Response:
    """``number``: of the revision whose texts come back, on trial."""
    number = (await _body(request)).get("number")
    if not isinstance(number, int):
        raise Refused(BAD_REQUEST, '"number" is that of a revision')
    desk, who = desk_of(request), identity_of(request).name
    await audit(request, "roll back", f"to revision {number}")
    return JSONResponse(_revision_json(await desk.run(desk.revisions.roll_back, number, who)))


async def _body(request: Request) -> Mapping[str, Any]:
    """Raises Refused."""
    try:
        given = json.loads(await request.body())
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise Refused(BAD_REQUEST, "the body is one JSON object")
    return given


def _texts(body: Mapping[str, Any]) -> dict[str, str]:
    found = body.get("texts")
    if not isinstance(found, dict) or not all(isinstance(each, str) for each in found.values()):
        raise Refused(BAD_REQUEST, '"texts" is an object: name of a file -> its text')
    return found


def _revision_json(revision: Revision) -> RevisionJson:
    return {
        "number": revision.number,
        "digest": revision.digest,
        "parent": revision.parent,
        "time": revision.time,
        "who": revision.who,
        "comment": revision.comment,
        "result": revision.result.value,
        "note": revision.note,
        "changes": revision.changes,
        "version": revision.version,
    }


PAGES = (
    Page("/api/texts", texts, Role.AUDITOR),
    Page("/api/revisions", revisions, Role.AUDITOR),
    Page("/api/review", review, Role.OPERATOR, methods=("POST",)),
    Page("/api/revisions/apply", apply, Role.ADMIN, methods=("POST",)),
    Page("/api/revisions/confirm", confirm, Role.ADMIN, methods=("POST",)),
    Page("/api/revisions/undo", undo, Role.ADMIN, methods=("POST",)),
    Page("/api/revisions/roll-back", roll_back, Role.ADMIN, methods=("POST",)),
)
