"""Log-in and log-out. Guessing is slowed by address and by account; each refused try is in the audit log."""

from __future__ import annotations

from time import time

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sipedge.accounts.accounts import Account
from sipedge.console.frame.door import LOG_IN, AccountsDoor
from sipedge.console.frame.identity import Role
from sipedge.console.frame.keeping import Keeping, address_of, note
from sipedge.console.frame.page import Page, identity_of, page, world_of
from sipedge.control.times import span_text

WRONG = "this is no account, or another password"


async def show(request: Request) -> Response:
    return _form(request, 200, "")


async def log_in(request: Request) -> Response:
    form = await request.form()
    name, password = (str(form.get(key, "")) for key in ("name", "password"))
    guessing, who = door_of(request).guessing, (address_of(request), name)
    if left := guessing.left(who):
        await _audit_refused(request, who, "too soon after a wrong one")
        return _form(request, 429, f"too many wrong passwords: try again in {span_text(left + 1)}")
    guessing.failed(who)  # until it is known: so nobody tries many at once
    account = await to_thread.run_sync(_keeping_of(request).accounts.checked, name, password, limiter=guessing.limiter)
    if account is None:
        await _audit_refused(request, who, "wrong password")
        return _form(request, 403, WRONG)
    guessing.succeeded(who)
    return await _let_in(request, account, str(form.get("next", "")))


async def log_out(request: Request) -> Response:
    identity = identity_of(request)
    await to_thread.run_sync(_keeping_of(request).sessions.end, identity.session)
    await note(_keeping_of(request), request, identity.name, "log-out")
    answer = RedirectResponse(LOG_IN, 303)
    answer.delete_cookie(door_of(request).cookie, secure=door_of(request).secure, httponly=True, samesite="strict")
    return answer


async def _let_in(request: Request, account: Account, wanted: str) -> Response:
    keeping, door = _keeping_of(request), door_of(request)
    await note(keeping, request, account.name, "log-in")
    browser = request.headers.get("user-agent", "")
    key = await to_thread.run_sync(keeping.sessions.begin, account.name, address_of(request), browser, time())
    answer = RedirectResponse(_own_place(wanted), 303)
    answer.set_cookie(door.cookie, key, secure=door.secure, httponly=True, samesite="strict")
    return answer


def _own_place(wanted: str) -> str:
    """A page of this console, never a place elsewhere (``//evil.example``)."""
    is_own = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if is_own else "/"


async def _audit_refused(request: Request, who: tuple[str, str], why: str) -> None:
    if door_of(request).guessing.is_audited(who[0]):
        await note(_keeping_of(request), request, who[1], "log-in refused", why)


def _form(request: Request, status: int, problem: str) -> Response:
    wanted = request.query_params.get("next", "/")
    return page(request, "log_in.html", "Log in", status, problem=problem, wanted=wanted)


def _keeping_of(request: Request) -> Keeping:
    return world_of(request).keeping


def door_of(request: Request) -> AccountsDoor:
    """Which knows who guesses passwords, and the name of the cookie."""
    door = world_of(request).door
    assert isinstance(door, AccountsDoor)
    return door


PAGES = (
    Page(LOG_IN, show, None),
    Page(LOG_IN, log_in, None, methods=("POST",)),
    Page("/log-out", log_out, Role.AUDITOR, methods=("POST",)),
)
