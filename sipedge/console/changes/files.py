"""Files that come into a draft, and go."""

from __future__ import annotations

import os
import re

from starlette.requests import Request
from starlette.responses import Response

from sipedge.config.case_files import ENDING
from sipedge.console.frame.identity import Role
from sipedge.console.frame.page import Page
from sipedge.control.refusal import BAD_REQUEST, CONFLICT, Refused
from sipedge.revisions.files import set_of

from .drafts import audit, desk_of, draft_of, number_in, text_in, to_draft, to_file

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_. -]{0,80}\.(dialplan|cases)")


async def add(request: Request) -> Response:
    """An empty dial plan, which ``dialplans`` in edge.toml has to name, or a case file about that configuration."""
    desk, form = desk_of(request), await request.form()
    draft, name = await draft_of(request), text_in(form, "file")
    if not NAME.fullmatch(name):
        hint = "it ends with .dialplan or .cases, and names no folder"
        raise Refused(BAD_REQUEST, f'"{name}" is no name of a dial plan or case file: {hint}')
    if name in draft.texts:
        raise Refused(CONFLICT, f'draft {draft.number} has "{name}" already')
    text = empty_cases(desk.config) if name.endswith(ENDING) else ""
    draft = await desk.run(desk.drafts.change, draft.number, number_in(form, "version"), {name: text})
    await audit(request, "draft changed", f"draft {draft.number}, {name} added")
    return to_file(draft, name)


async def take_out(request: Request) -> Response:
    """A case file, or a dial plan that the draft's edge.toml does not name."""
    desk, form = desk_of(request), await request.form()
    draft, name = await draft_of(request), text_in(form, "file")
    if not name.endswith(ENDING) and name in (await desk.run(set_of, desk.config, draft.texts)).texts:
        hint = "take it out of dialplans in the configuration first"
        raise Refused(CONFLICT, f"{name} is part of the configuration of draft {draft.number}: {hint}")
    draft = await desk.run(desk.drafts.take_out, draft.number, number_in(form, "version"), name)
    await audit(request, "draft changed", f"draft {draft.number}, {name} taken out")
    return to_draft(draft)


def empty_cases(config: str) -> str:
    """A case file beside ``config`` that has none yet."""
    return f'plan "{os.path.basename(config)}"\n'


def _draft_pages(path: str) -> str:
    return "/drafts/{number:short}" + path


PAGES = (
    Page(_draft_pages("/add"), add, Role.OPERATOR, methods=("POST",)),
    Page(_draft_pages("/take-out"), take_out, Role.OPERATOR, methods=("POST",)),
)
