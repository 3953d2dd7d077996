"""What every page about drafts reads from a request."""

from __future__ import annotations

import re
from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sipedge.console.frame.desk import Desk
from sipedge.console.frame.keeping import note
from sipedge.console.frame.page import identity_of, world_of
from sipedge.control.refusal import BAD_REQUEST, CONFLICT, Refused
from sipedge.revisions.drafts import Draft

_NUMBER = re.compile(r"[0-9]{1,9}")


def desk_of(request: Request) -> Desk:
    return world_of(request).desk


async def draft_of(request: Request) -> Draft:
    """The one in the path. Raises Refused."""
    desk = desk_of(request)
    return await desk.run(desk.drafts.get, request.path_params["number"])


async def seen_draft(request: Request, form: FormData) -> Draft:
    """The one in the path, where nobody has changed it since the form was made. Raises Refused."""
    draft = await draft_of(request)
    if draft.version != number_in(form, "version"):
        raise Refused(CONFLICT, f"somebody has changed draft {draft.number} meanwhile: look at it again")
    return draft


def text_in(form: FormData, name: str) -> str:
    """'' where the field is missing or is a file."""
    value = form.get(name)
    return value if isinstance(value, str) else ""


def number_in(form: FormData, name: str) -> int:
    """Raises Refused."""
    text = text_in(form, name)
    if not _NUMBER.fullmatch(text):
        raise Refused(BAD_REQUEST, f'the field "{name}" is no number')
    return int(text)


async def audit(request: Request, what: str, about: str = "", revision: str = "") -> None:
    """Raises OSError."""
    await note(world_of(request).keeping, request, identity_of(request).name, what, about, revision)


async def look_again(request: Request) -> None:
    """The edge has another configuration: whoever looks shall see it now."""
    await world_of(request).link.look()
    world_of(request).live.changed()


def to_draft(draft: Draft, more: str = "") -> Response:
    return RedirectResponse(f"/drafts/{draft.number}{more}", 303)


def to_file(draft: Draft, name: str, line: int = 0) -> Response:
    """``line``: where the editor shall stand; 0 for none."""
    return to_draft(draft, f"?file={quote(name)}" + (f"&line={line}" if line else ""))
