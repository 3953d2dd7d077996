"""A draft reviewed, and put in force on trial."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from time import monotonic, time
from typing import cast

from anyio import Lock
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sipedge.console.frame.desk import Desk
from sipedge.console.frame.identity import Role
from sipedge.console.frame.page import Page, identity_of, page, sight_of
from sipedge.control.refusal import BAD_REQUEST, CONFLICT, TOO_MUCH, UNPROCESSABLE, Refused
from sipedge.control.requests import FAIL_MORE
from sipedge.review.review import ReviewJson
from sipedge.revisions.applying import CONFIRM_WITHIN, Wish
from sipedge.revisions.drafts import Draft
from sipedge.revisions.store import Revision

from .drafts import audit, desk_of, draft_of, look_again, number_in, seen_draft, text_in

DAYS = 7
"""Of the history that a draft is tried on."""
KEPT = 20
"""Reviews."""
FRESH = 60.0
"""Seconds after which one is made anew: cases and the history change without the draft."""
MINUTES = 60
"""That a trial may last."""


Key = tuple[int, int, int]
"""Draft, its version, days."""


class Reviews:
    """Made once a minute for each version of a draft: a large one takes seconds. Belongs to the event loop."""

    def __init__(self) -> None:
        self._made: OrderedDict[Key, tuple[float, ReviewJson]] = OrderedDict()
        self._asked: dict[Key, tuple[str, Lock]] = {}
        """Those under way: who was the first to want each."""

    async def of(self, draft: Draft, desk: Desk, days: int, who: str) -> ReviewJson:
        """``days``: of the history that it is tried on. Raises Refused, also where ``who`` waits for another one."""
        key = draft.number, draft.version, days
        if key not in self._asked and who in (each for each, _ in self._asked.values()):
            raise Refused(TOO_MUCH, "a review that you asked for is still being made: wait for that")
        _, lock = self._asked.setdefault(key, (who, Lock()))
        try:
            async with lock:
                made, found = self._made.get(key, (0.0, None))
                if found is None or monotonic() > made + FRESH:
                    found = await reviewed(desk, draft.base, draft.texts, days)
                    self._made[key] = monotonic(), found
        finally:
            self._asked.pop(key, None)
        while len(self._made) > KEPT:
            self._made.popitem(last=False)
        return found


async def reviewed(desk: Desk, base: Mapping[str, str], texts: Mapping[str, str], days: int = DAYS) -> ReviewJson:
    """Raises Refused."""
    since = time() - 86400 * days
    answer = await desk.study("review", base=dict(base), texts=dict(texts), history=desk.history, since=since)
    return cast(ReviewJson, answer)


async def review(request: Request) -> Response:
    draft = await draft_of(request)
    days = _days(request)
    sight = sight_of(request)
    found = sight.review(await _reviews(request).of(draft, desk_of(request), days, identity_of(request).account))
    minutes = round(CONFIRM_WITHIN / 60)
    title = f"Draft {draft.number} reviewed"
    values = {
        "minutes": minutes,
        "most": MINUTES,
        "more": round(100 * FAIL_MORE),
        "days": days,
        "masked": not sight.whole,
    }
    return page(request, "review.html", title, draft=draft, review=found, **values)


async def apply(request: Request) -> Response:
    """What was reviewed, on trial unless the edge reads none of it. Cases that do not hold have to be waved through."""
    form, desk = await request.form(), desk_of(request)
    draft = await seen_draft(request, form)
    found = await _reviews(request).of(draft, desk, DAYS, identity_of(request).account)
    if found["problems"]:
        raise Refused(UNPROCESSABLE, "the draft has mistakes: see its review")
    if (found["cases"]["failed"] or found["cases"]["broken"]) and not text_in(form, "anyway"):
        raise Refused(CONFLICT, "cases do not hold: mend the draft or the cases, or tick that you apply it anyway")
    minutes = number_in(form, "minutes")
    if not 1 <= minutes <= MINUTES:
        raise Refused(BAD_REQUEST, f"a trial lasts from 1 to {MINUTES} minutes")
    more = number_in(form, "more")
    if not 1 <= more <= 100:
        raise Refused(BAD_REQUEST, "from 1 to 100 more of 100 requests may fail; 100: however many do")
    comment = (text_in(form, "comment").strip() or draft.title)[:500]
    who = identity_of(request).name
    wish = Wish(draft.base_set.whole, draft.texts, who, comment, 60.0 * minutes, more / 100)
    await applied(request, wish)
    await desk.run(desk.drafts.drop, draft.number)
    return RedirectResponse("/revisions", 303)


async def applied(request: Request, wish: Wish) -> Revision:
    """Raises Refused."""
    await audit(request, "apply", wish.comment, wish.base)
    try:
        made = await desk_of(request).run(desk_of(request).revisions.apply, wish)
    except Refused as error:
        await audit(request, "apply refused", error.sentence, wish.base)
        raise
    await audit(request, "applied", f"revision {made.number} {made.result.value}: {made.changes}", made.digest)
    await look_again(request)
    return made


def _days(request: Request) -> int:
    """Raises Refused."""
    text = request.query_params.get("days", str(DAYS))
    if not (text.isascii() and text.isdigit() and len(text) <= 4):
        raise Refused(BAD_REQUEST, '"days" is a number')
    return int(text)


def _reviews(request: Request) -> Reviews:
    reviews = request.app.state.reviews
    assert isinstance(reviews, Reviews)
    return reviews


PAGES = (
    Page("/drafts/{number:short}/review", review, Role.AUDITOR),
    Page("/drafts/{number:short}/apply", apply, Role.ADMIN, methods=("POST",)),
)
