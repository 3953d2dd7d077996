"""A dial plan of a draft as forms: its rules in their order, and one rule. What a form changes is the text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import quote, urlencode

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dialplan.model import BlockKind
from sipedge.console.frame.identity import Role
from sipedge.console.frame.page import Page, page
from sipedge.control.refusal import BAD_REQUEST, NOT_FOUND, UNPROCESSABLE, Refused
from sipedge.review.forms import DOINGS, EditedJson, EditJson, FormsJson
from sipedge.revisions.drafts import Draft

from .drafts import audit, desk_of, draft_of, number_in, seen_draft, text_in, to_draft

PLAN = ".dialplan"
LONGEST = 4096
"""Characters of an alias that is tried."""
OF_THE_PAGE = ("form_token", "version", "file", "block", "entry", "alias", "then")
"""Fields of a form that are none of the rule's."""
LABELS: Mapping[str, str] = {
    "name": "Name",
    "description": "Description",
    "priority": "Priority",
    "protocol": "Protocol",
    "traffic type": "Traffic type",
    "source": "Source",
    "authenticated": "Request must be authenticated",
    "mode": "Mode",
    "pattern type": "Pattern type",
    "pattern": "Pattern string",
    "behavior": "Pattern behavior",
    "replace": "Replace string",
    "on successful match": "On successful match",
    "target": "Target zone",
    "state": "State",
}
"""As on Expressway's pages."""
GROUPS: Mapping[str, tuple[str, ...]] = {
    "What it is": ("name", "description", "priority", "state"),
    "Which requests": ("protocol", "traffic type", "source", "authenticated"),
    "Which aliases": ("mode", "pattern type", "pattern", "behavior", "replace"),
    "Where they go": ("target", "on successful match"),
}
COPY = " (2)"
LONGEST_NAME = 50


async def listed(request: Request) -> Response:
    draft = await draft_of(request)
    name = _plan(draft, request.query_params.get("file", ""))
    found = await _forms(request, draft, name)
    names = [each for each in draft.texts if each.endswith(PLAN)]
    title = f"Draft {draft.number} as forms"
    more: dict[str, Any] = {"draft": draft, "name": name, "names": names}
    return page(request, "forms_of_plan.html", title, forms=found, anchor=anchor_of, **more)


async def form(request: Request) -> Response:
    """Of the entry ``entry``; without one of a new one, like the entry ``like`` where that is named."""
    draft, given = await draft_of(request), request.query_params
    name, block = _plan(draft, given.get("file", "")), _block(given.get("block", BlockKind.SEARCH_RULE.value))
    found = await _forms(request, draft, name)
    if found["mistakes"]:
        return _back(draft, name)
    entry, like = given.get("entry", ""), given.get("like", "")
    values = dict(found["defaults"][block])
    if entry or like:
        values = _values(found, block, entry or like)
    if like:
        values["name"] = like[: LONGEST_NAME - len(COPY)] + COPY
    return _form(request, draft, name, found, {"do": "", "block": block, "name": entry, "values": values, "alias": ""})


async def write(request: Request) -> Response:
    """One rule as it was filled in: shown again with what is wrong about it, or written into the text of the draft."""
    fields = await request.form()
    draft, then = await draft_of(request), text_in(fields, "then")
    name, edit = _plan(draft, text_in(fields, "file")), _edit(fields)
    made = await _edited(request, draft, name, edit)
    if then not in ("save", "review") or made["mistakes"]:
        found = await _forms(request, draft, name)
        return _form(request, draft, name, found, edit, made, UNPROCESSABLE if then in ("save", "review") else 200)
    what = f"{edit['block']} {edit['values'].get('name', '')}"
    draft = await _changed(request, draft, number_in(fields, "version"), name, made, f"{what} by form")
    if then == "review":
        return to_draft(draft, "/review")
    return _back(draft, name, anchor_of(edit["block"], edit["values"].get("name", "")))


async def do(request: Request) -> Response:
    """One thing with one rule. Raises Refused."""
    fields = await request.form()
    draft, what = await seen_draft(request, fields), text_in(fields, "do")
    name, block, entry = (
        _plan(draft, text_in(fields, "file")),
        _block(text_in(fields, "block")),
        text_in(fields, "entry"),
    )
    if what not in DOINGS or what == "write":
        raise Refused(BAD_REQUEST, f"say what to do: one of {', '.join(each for each in DOINGS if each != 'write')}")
    edit: EditJson = {"do": what, "block": block, "name": entry, "values": {}, "alias": ""}
    made = await _edited(request, draft, name, edit)
    if made["mistakes"]:
        raise Refused(
            UNPROCESSABLE, "; ".join(filter(None, (made["mistakes"][0]["message"], made["mistakes"][0]["hint"])))
        )
    draft = await _changed(request, draft, draft.version, name, made, f"{block} {entry} {what}")
    return _back(draft, name, anchor_of(block, entry))


def anchor_of(block: str, entry: str) -> str:
    """The id of its row: it has no blanks."""
    return re.sub("[^A-Za-z0-9]+", "-", f"{block} {entry}")


def _form(
    request: Request,
    draft: Draft,
    name: str,
    found: FormsJson,
    edit: EditJson,
    made: EditedJson | None = None,
    status: int = 200,
) -> Response:
    block = edit["block"]
    title = f'{block} "{edit["name"]}"' if edit["name"] else f"A new {block}"
    words = found["words"][block]
    values: dict[str, Any] = {
        "draft": draft,
        "name": name,
        "edit": edit,
        "made": made,
        "words": words,
        "labels": LABELS,
        "groups": {group: [each for each in fields if each in words] for group, fields in GROUPS.items()},
        "wrong": {each["field"]: each for each in reversed(made["mistakes"] if made else [])},
    }
    return page(request, "form_of_rule.html", title[:1].upper() + title[1:], status, **values)


def _edit(fields: FormData) -> EditJson:
    """Raises Refused."""
    values = {name: text_in(fields, name) for name in fields if name not in OF_THE_PAGE}
    return {
        "do": "write",
        "block": _block(text_in(fields, "block")),
        "name": text_in(fields, "entry"),
        "values": {name.replace("_", " "): value for name, value in values.items()},
        "alias": text_in(fields, "alias")[:LONGEST],
    }


async def _forms(request: Request, draft: Draft, name: str) -> FormsJson:
    answer = await desk_of(request).check("forms", texts=dict(draft.texts), name=name)
    return cast(FormsJson, answer)


async def _edited(request: Request, draft: Draft, name: str, edit: EditJson) -> EditedJson:
    answer = await desk_of(request).check("edit", texts=dict(draft.texts), name=name, edit=edit)
    return cast(EditedJson, answer)


async def _changed(request: Request, draft: Draft, version: int, name: str, made: EditedJson, what: str) -> Draft:
    desk = desk_of(request)
    draft = await desk.run(desk.drafts.change, draft.number, version, {name: made["text"]})
    await audit(request, "draft changed", f"draft {draft.number}, {name}: {what}")
    return draft


def _plan(draft: Draft, name: str) -> str:
    """The dial plan that is meant, the first one if none is named. Raises Refused."""
    plans = [each for each in draft.texts if each.endswith(PLAN)]
    if name not in plans and (name or not plans):
        raise Refused(NOT_FOUND, f'draft {draft.number} has no dial plan "{name}"')
    return name or plans[0]


def _block(text: str) -> str:
    """Raises Refused."""
    kinds = [kind.value for kind in BlockKind]
    if text not in kinds:
        raise Refused(BAD_REQUEST, f'"{text}" is no kind of block; write {" or ".join(kinds)}')
    return text


def _values(found: FormsJson, block: str, entry: str) -> dict[str, str]:
    """Raises Refused."""
    for each in found["entries"][block]:
        if each["values"]["name"] == entry:
            return dict(each["values"])
    raise Refused(NOT_FOUND, f'there is no {block} "{entry}" in this dial plan')


def _back(draft: Draft, name: str, anchor: str = "") -> Response:
    """To the list."""
    query = urlencode({"file": name})
    return RedirectResponse(f"/drafts/{draft.number}/forms?{query}" + (f"#{quote(anchor)}" if anchor else ""), 303)


PAGES = (
    Page("/drafts/{number:short}/forms", listed, Role.AUDITOR),
    Page("/drafts/{number:short}/forms", do, Role.OPERATOR, methods=("POST",)),
    Page("/drafts/{number:short}/form", form, Role.OPERATOR),
    Page("/drafts/{number:short}/form", write, Role.OPERATOR, methods=("POST",)),
)
