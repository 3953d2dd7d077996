"""The rules in force, and drafts of other ones."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from time import time
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dialplan.model import SearchRule
from sipedge.config.case_files import ENDING
from sipedge.console.frame.identity import Role
from sipedge.console.frame.json_answer import json_answer
from sipedge.console.frame.page import Page, identity_of, page, sight_of, world_of
from sipedge.console.frame.sight import CASES
from sipedge.control.refusal import BAD_REQUEST, CONFLICT, UNPROCESSABLE, Refused
from sipedge.history.store import Segments
from sipedge.history.wish import Wish
from sipedge.revisions.files import FileSet, password_in, read_set

from .cases import cases_by_rule
from .drafts import audit, desk_of, draft_of, number_in, text_in, to_draft, to_file

LINE = re.compile(r"[1-9][0-9]{0,6}")
DAYS = 7
"""For which it is counted what a rule was used for."""
QUESTIONS: Mapping[str, tuple[str, ...]] = {"marks": (), "offer": ("line", "column"), "help": ("line",)}
"""What an editor asks -> the numbers that it sends."""


class Use(NamedTuple):
    """A rule, and for how many requests it was the first that decided."""

    rule: SearchRule
    requests: int
    failed: int
    last: float | None
    """Seconds since 1970; None: there was none."""


async def rules(request: Request) -> Response:
    desk = desk_of(request)
    held, problems = FileSet({}), [""][:0]
    try:
        held = await desk.run(read_set, desk.config)
    except Refused as error:
        problems = [str(problem) for problem in error.problems]
    drafts = await desk.run(desk.drafts.all)
    problems += await desk.run(desk.drafts.damaged)
    name, names = _chosen(request, held.texts)
    return page(
        request,
        "rules.html",
        "Rules",
        held=held,
        names=names,
        name=name,
        text=held.texts.get(name, "") if sight_of(request).reads(name) else CASES,
        drafts=drafts,
        problems=problems,
        uses=await _uses(request),
        cases=await cases_by_rule(request, held, desk),
        days=DAYS,
    )


async def begin(request: Request) -> Response:
    """A draft of what the disk holds; with the field ``revision``, of the texts that one had."""
    desk, form = desk_of(request), await request.form()
    base = await desk.run(read_set, desk.config)
    texts, title = base.texts, text_in(form, "title")
    if text_in(form, "revision"):
        number = number_in(form, "revision")
        revision = await desk.run(desk.revisions.store.get, number)
        texts = (await desk.run(desk.revisions.store.texts_over, revision, base)).texts
        title = f"back to revision {number}"
    draft = await desk.run(desk.drafts.begin, identity_of(request).name, base, texts, title)
    await audit(request, "draft begun", f"draft {draft.number} {draft.title}", base.digest)
    return to_draft(draft, "/review" if draft.changed else "")


async def show(request: Request) -> Response:
    draft = await draft_of(request)
    name, names = _chosen(request, draft.texts)
    desk, line = desk_of(request), request.query_params.get("line", "")
    reads, found = sight_of(request).reads(name), []
    if reads:
        found = await desk.check("marks", texts=dict(draft.texts), name=name)
    line, title = line if LINE.fullmatch(line) else "", f"Draft {draft.number}"
    return page(
        request,
        "draft.html",
        title,
        draft=draft,
        names=names,
        name=name,
        marks=found,
        line=line,
        hidden="" if reads else CASES,
    )


async def save(request: Request) -> Response:
    desk, form = desk_of(request), await request.form()
    draft, name = await draft_of(request), text_in(form, "file")
    if name not in draft.texts:
        raise Refused(BAD_REQUEST, f'draft {draft.number} has no file "{name}"')
    sight_of(request).check_file(name)
    text = _as_before(text_in(form, "text"), draft.texts[name])
    if name == os.path.basename(desk.config) and password_in(desk.config, text):
        raise Refused(UNPROCESSABLE, "no draft holds a password: put it into a file, and name that by password_file")
    if text_in(form, "then") == "layout":
        texts = {**draft.texts, name: text}
        text = await desk.check("layout", texts=texts, name=name)
    draft = await desk.run(desk.drafts.change, draft.number, number_in(form, "version"), {name: text})
    await audit(request, "draft changed", f"draft {draft.number}, {name}")
    return to_draft(draft, "/review") if text_in(form, "then") == "review" else to_file(draft, name)


async def drop(request: Request) -> Response:
    desk, draft = desk_of(request), await draft_of(request)
    await audit(request, "draft dropped", f"draft {draft.number} {draft.title}")
    await desk.run(desk.drafts.drop, draft.number)
    return RedirectResponse("/rules", 303)


async def rebase(request: Request) -> Response:
    """The draft's changes on top of what the disk holds by now."""
    desk, draft = desk_of(request), await draft_of(request)
    base = await desk.run(read_set, desk.config)
    found = await desk.check("merge", base=dict(draft.base), ours=dict(draft.texts), theirs=dict(base.texts))
    if found["clash"]:
        raise Refused(CONFLICT, f"{found['clash']}; begin another draft, and make your change there")
    draft = await desk.run(desk.drafts.rebase, draft.number, draft.version, base, found["texts"])
    await audit(request, "draft changed", f"draft {draft.number} made to fit what is there by now", base.digest)
    return to_draft(draft, "/review")


async def ask(request: Request) -> Response:
    """For the editor: its question about the text as it is typed, which nobody has saved."""
    desk, form = desk_of(request), await request.form()
    draft, name, question = await draft_of(request), text_in(form, "file"), text_in(form, "ask")
    if name not in draft.texts or question not in QUESTIONS:
        raise Refused(BAD_REQUEST, "there is no such question")
    sight_of(request).check_file(name)
    texts = {**draft.texts, name: text_in(form, "text").replace("\r\n", "\n")}
    numbers: dict[str, Any] = {each: number_in(form, each) for each in QUESTIONS[question]}
    answer = await desk.check(question, texts=texts, name=name, **numbers)
    return json_answer({"answer": answer})


async def _uses(request: Request) -> list[Use]:
    """In the order in which they are asked; none while the files have mistakes."""
    watch, now = world_of(request).watch, time()
    settings, _ = await watch.disk.settings()
    if settings is None:
        return []
    counted = await watch.asked(watch.history.counted, now - 86400 * DAYS, now, 1)
    last = await watch.asked(_last_uses, watch.history, [name for name, count in counted.rules.items() if count])
    rules = sorted(settings.plan.dialplan.rules, key=lambda rule: rule.priority)
    return [
        Use(rule, counted.rules.get(rule.name, 0), counted.failed_rules.get(rule.name, 0), last.get(rule.name))
        for rule in rules
    ]


def _last_uses(history: Segments, names: Iterable[str]) -> dict[str, float]:
    return {name: found.time for name in names for found in history.find(Wish(rule=name, most=1))}


def _chosen(request: Request, texts: Mapping[str, str]) -> tuple[str, list[str]]:
    """(the file that is shown, all of them). Dial plans, the configuration, case files."""
    last = {".toml": 1, ENDING: 2}
    names = sorted(texts, key=lambda name: (last.get(os.path.splitext(name)[1], 0), list(texts).index(name)))
    wanted = request.query_params.get("file", "")
    return (wanted if wanted in texts else next(iter(names), "")), names


def _as_before(text: str, before: str) -> str:
    """A browser ends lines with CR LF; the text keeps the ends that it had."""
    plain = text.replace("\r\n", "\n")
    return plain.replace("\n", "\r\n") if "\r\n" in before else plain


def _draft_pages(path: str) -> str:
    return "/drafts/{number:short}" + path


PAGES = (
    Page("/rules", rules, Role.AUDITOR, "Rules"),
    Page("/drafts", begin, Role.OPERATOR, methods=("POST",)),
    Page(_draft_pages(""), show, Role.AUDITOR),
    Page(_draft_pages("/save"), save, Role.OPERATOR, methods=("POST",)),
    Page(_draft_pages("/drop"), drop, Role.OPERATOR, methods=("POST",)),
    Page(_draft_pages("/rebase"), rebase, Role.OPERATOR, methods=("POST",)),
    Page(_draft_pages("/ask"), ask, Role.OPERATOR, methods=("POST",)),
)
