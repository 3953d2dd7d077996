"""Changes by programs, as JSON: what is there, what another set of texts would do, that set put in force."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

from starlette.requests import Request

from sipedge.console.changes.cases import reach_of
from sipedge.console.changes.drafts import audit, desk_of, look_again
from sipedge.console.changes.review import applied, reviewed
from sipedge.console.changes.revisions import confirmed, undone
from sipedge.console.frame.identity import Role
from sipedge.console.frame.page import identity_of, sight_of
from sipedge.control.refusal import BAD_REQUEST, Refused
from sipedge.control.requests import FAIL_MORE
from sipedge.review.reaching import ReachJson
from sipedge.review.review import ReviewJson
from sipedge.revisions.applying import CONFIRM_WITHIN, Wish
from sipedge.revisions.files import FileSet, read_set
from sipedge.revisions.store import Revision

from .route import Route

LONGEST_TRIAL = 3600
"""Seconds."""


class TextsJson(TypedDict):
    """Name -> text: edge.toml, its dial plans, its case files. ``digest``: of what the edge reads, which are no case
    files; ``whole``: of all of them."""

    digest: str
    whole: str
    texts: dict[str, str]


class DraftJson(TypedDict):
    """Name -> text; a file of the configuration that is not among them stays as it is on the disk. ``without``: case
    files that go."""

    texts: dict[str, str]
    without: NotRequired[list[str]]


class ApplyJson(TypedDict):
    """``base``: ``whole`` of what the texts were made from. ``without``: case files that go. ``confirm_within``:
    seconds, 300 where it is left out. ``fail_more``: the share of requests that may fail more than before, 0.2 where it
    is left out; 1: however many."""

    base: str
    texts: dict[str, str]
    without: NotRequired[list[str]]
    comment: NotRequired[str]
    confirm_within: NotRequired[float]
    fail_more: NotRequired[float]


class NumberJson(TypedDict):
    number: int


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
    whole: str
    """With its case files; '' where it was kept before they counted."""


async def _texts_there(request: Request) -> TextsJson:
    held = await desk_of(request).run(read_set, desk_of(request).config)
    return {"digest": held.digest, "whole": held.whole, "texts": sight_of(request).texts(held.texts)}


async def _cases(request: Request) -> list[ReachJson]:
    desk = desk_of(request)
    return await reach_of(request).of(await desk.run(read_set, desk.config), desk)


async def _revisions(request: Request) -> list[RevisionJson]:
    kept = await desk_of(request).run(desk_of(request).revisions.store.all)
    return [_revision_json(each) for each in kept]


async def _review(request: Request) -> ReviewJson:
    desk, body = desk_of(request), await _body(request)
    held = await desk.run(read_set, desk.config)
    return sight_of(request).review(await reviewed(desk, held.texts, _texts(body, held)))


async def _apply(request: Request) -> RevisionJson:
    body = await _body(request)
    base, comment, within = body.get("base"), body.get("comment", ""), body.get("confirm_within", CONFIRM_WITHIN)
    if not isinstance(base, str) or not isinstance(comment, str) or not isinstance(within, int | float):
        raise Refused(BAD_REQUEST, '"base" and "comment" are text, "confirm_within" is a number of seconds')
    if not 0 <= within <= LONGEST_TRIAL or isinstance(within, bool):
        raise Refused(BAD_REQUEST, f'"confirm_within" is from 0 to {LONGEST_TRIAL} seconds; 0: it stays')
    more = body.get("fail_more", FAIL_MORE)
    if not isinstance(more, int | float) or isinstance(more, bool) or not 0 < more <= 1:
        raise Refused(BAD_REQUEST, '"fail_more" is a share above 0, such as 0.2, and at most 1')
    held = await desk_of(request).run(read_set, desk_of(request).config)
    wish = Wish(base, _texts(body, held), identity_of(request).name, comment[:500], float(within), float(more))
    return _revision_json(await applied(request, wish))


async def _confirm(request: Request) -> RevisionJson:
    return _revision_json(await confirmed(request))


async def _undo(request: Request) -> RevisionJson:
    return _revision_json(await undone(request))


async def _roll_back(request: Request) -> RevisionJson:
    number = (await _body(request)).get("number")
    if not isinstance(number, int):
        raise Refused(BAD_REQUEST, '"number" is that of a revision')
    desk, who = desk_of(request), identity_of(request).name
    await audit(request, "roll back", f"to revision {number}")
    back = await desk.run(desk.revisions.roll_back, number, who)
    await look_again(request)
    return _revision_json(back)


async def _body(request: Request) -> Mapping[str, Any]:
    """Raises Refused."""
    try:
        raw = await request.body()
        given = json.loads(raw)
        if b"\\ud" in raw.lower():
            json.dumps(given, ensure_ascii=False).encode()  # half a character is in no file
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise Refused(BAD_REQUEST, "the body is one JSON object, of whole characters")
    return given


def _texts(body: Mapping[str, Any], held: FileSet) -> dict[str, str]:
    """``held``: what is there, whose case files stay where nothing is said of them."""
    found, without = body.get("texts"), body.get("without", [])
    if not isinstance(found, dict) or not all(isinstance(each, str) for each in found.values()):
        raise Refused(BAD_REQUEST, '"texts" is an object: name of a file -> its text')
    if not isinstance(without, list) or any(each not in [*held.cases] or each in [*found] for each in without):
        raise Refused(BAD_REQUEST, '"without" is a list of case files that are there and not in "texts"')
    return {name: text for name, text in {**held.cases, **found}.items() if name not in without}


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
        "whole": revision.whole,
    }


CHANGES = (
    Route("/api/texts", "The configuration on the disk.", _texts_there, TextsJson),
    Route("/api/cases", "How many cases of which files reach each rule on the disk.", _cases, list[ReachJson]),
    Route("/api/revisions", "What was in force, the newest first.", _revisions, list[RevisionJson]),
    Route(
        "/api/review",
        "What other texts would do, compared with those on the disk.",
        _review,
        ReviewJson,
        sends=True,
        takes=DraftJson,
        role=Role.OPERATOR,
    ),
    Route(
        "/api/revisions/apply",
        "Put other texts in force, on trial; case files alone at once.",
        _apply,
        RevisionJson,
        sends=True,
        takes=ApplyJson,
        role=Role.ADMIN,
    ),
    Route("/api/revisions/confirm", "What is on trial stays.", _confirm, RevisionJson, sends=True, role=Role.ADMIN),
    Route(
        "/api/revisions/undo", "What was before the trial comes back.", _undo, RevisionJson, sends=True, role=Role.ADMIN
    ),
    Route(
        "/api/revisions/roll-back",
        "Put the texts of an earlier revision in force, on trial.",
        _roll_back,
        RevisionJson,
        sends=True,
        takes=NumberJson,
        role=Role.ADMIN,
    ),
)
