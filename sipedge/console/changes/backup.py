"""The configuration saved as a file, and such a file as a draft."""

from __future__ import annotations

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from sipedge.console.frame.identity import Role
from sipedge.console.frame.page import Page, identity_of, page, sight_of
from sipedge.control.refusal import BAD_REQUEST, UNPROCESSABLE, Refused
from sipedge.control.words import short
from sipedge.review.backup import packed, unpacked
from sipedge.revisions.files import password_in, read_set

from .drafts import audit, desk_of, to_draft


async def show(request: Request) -> Response:
    return page(request, "backup.html", "Backup")


async def save(request: Request) -> Response:
    """What the disk holds."""
    desk = desk_of(request)
    held = await desk.run(read_set, desk.config)
    for name in held.texts:
        sight_of(request).check_file(name)
    content = await desk.run(packed, held)
    await audit(request, "backup saved", "", held.digest)
    name = f'attachment; filename="edge-{short(held.digest)}.zip"'
    return Response(content, media_type="application/zip", headers={"Content-Disposition": name})


async def restore(request: Request) -> Response:
    """Nothing is in force by it: it is a draft, to be reviewed as any other."""
    desk, form = desk_of(request), await request.form()
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise Refused(BAD_REQUEST, "choose a file that was saved here")
    base = await desk.run(read_set, desk.config)
    texts = await desk.run(unpacked, await file.read(), base)
    name = next(iter(base.texts))
    if name not in texts:
        raise Refused(UNPROCESSABLE, f"this backup is of another configuration: it has no {name}")
    if password_in(desk.config, texts[name]):
        raise Refused(UNPROCESSABLE, f"{name} of this backup holds a password, so it was not saved here")
    title = f"restored from {file.filename}"
    draft = await desk.run(desk.drafts.begin, identity_of(request).name, base, texts, title)
    await audit(request, "draft begun", f"draft {draft.number} {draft.title}", base.digest)
    return to_draft(draft, "/review")


PAGES = (
    Page("/backup", show, Role.OPERATOR, "Backup"),
    Page("/backup/save", save, Role.OPERATOR, methods=("POST",)),
    Page("/backup/restore", restore, Role.OPERATOR, methods=("POST",)),
)
