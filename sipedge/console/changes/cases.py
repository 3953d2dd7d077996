"""Cases: which of them reach a rule, and one made from a decision."""

from __future__ import annotations

import os
from collections.abc import Mapping
from itertools import chain, count
from typing import cast

from starlette.requests import Request
from starlette.responses import Response

from sipedge.config.case_files import ENDING, is_about
from sipedge.console.frame.desk import Desk
from sipedge.console.frame.identity import Role
from sipedge.console.frame.page import Page, identity_of, sight_of
from sipedge.console.pages.entry import GONE, found_entry, plan_under
from sipedge.console.shown.case import case_of
from sipedge.control.refusal import NOT_FOUND, UNPROCESSABLE, Refused
from sipedge.replay.cases import NewCase, with_case
from sipedge.review.reaching import ReachJson
from sipedge.revisions.drafts import Draft
from sipedge.revisions.files import FileSet, read_set

from .drafts import audit, desk_of, number_in, text_in, to_file
from .files import empty_cases


class Reach:
    """Asked once for each set of files: the cases of a large plan take a second. Belongs to the event loop."""

    def __init__(self) -> None:
        self._whole, self._found = "", list[ReachJson]()

    async def of(self, held: FileSet, desk: Desk) -> list[ReachJson]:
        """Raises Refused."""
        if held.cases and held.whole != self._whole:
            answer = await desk.check("reach", texts=dict(held.texts))
            self._whole, self._found = held.whole, cast(list[ReachJson], answer)
        return self._found if held.cases else []


async def cases_by_rule(request: Request, held: FileSet, desk: Desk) -> dict[str, list[ReachJson]] | None:
    """Rule -> the case files that have some for it; None where that takes too long."""
    found: dict[str, list[ReachJson]] = {}
    try:
        for each in await reach_of(request).of(held, desk):
            found.setdefault(each["rule"], []).append(each)
    except Refused:
        return None
    return found


def reach_of(request: Request) -> Reach:
    reach = request.app.state.reach
    assert isinstance(reach, Reach)
    return reach


async def make(request: Request) -> Response:
    """The case of an entry, in the draft that the form names, or in a new one."""
    form = await request.form()
    case = await _case(request)
    draft, name, line = await _in_draft(request, number_in(form, "draft") if text_in(form, "draft") else None, case)
    await audit(request, "draft changed", f"draft {draft.number}, {name}: a case made from the history")
    return to_file(draft, name, line)


async def _case(request: Request) -> NewCase:
    """Raises Refused."""
    sight_of(request).check("a case")
    decision = await found_entry(request)
    if decision is None:
        raise Refused(NOT_FOUND, GONE)
    plan, _ = await plan_under(request, decision.record)
    case = case_of(decision.record, decision.again(plan) if plan else None)
    if case is None:
        raise Refused(UNPROCESSABLE, "no case can be made of this: no rule was asked, or its alias cannot be written")
    return case


async def _in_draft(request: Request, number: int | None, case: NewCase) -> tuple[Draft, str, int]:
    """(the draft with it, the file, the line). ``number``: of a draft; None for a new one."""
    desk = desk_of(request)
    if number is not None:
        held = await desk.run(desk.drafts.get, number)
        name, text, line = _added(held.texts, desk.config, case)
        return await desk.run(desk.drafts.change, number, held.version, {name: text}), name, line
    base = await desk.run(read_set, desk.config)
    name, text, line = _added(base.texts, desk.config, case)
    texts, title = {**base.texts, name: text}, f"case: {case.name(())}"
    draft = await desk.run(desk.drafts.begin, identity_of(request).name, base, texts, title)
    await audit(request, "draft begun", f"draft {draft.number} {draft.title}", base.digest)
    return draft, name, line


def _added(texts: Mapping[str, str], config: str, case: NewCase) -> tuple[str, str, int]:
    """(the case file that gets it, its text, the case's line)."""
    own = os.path.splitext(os.path.basename(config))[0]
    named = chain([own + ENDING], (f"{own}-{number}{ENDING}" for number in count(2)))
    about = (name for name, text in FileSet(texts).cases.items() if is_about(name, text, config))
    name = next(chain(about, (each for each in named if each not in texts)))
    return name, *with_case(texts.get(name, empty_cases(config)), case)


PAGES = (Page("/history/{key}/case", make, Role.OPERATOR, methods=("POST",)),)
