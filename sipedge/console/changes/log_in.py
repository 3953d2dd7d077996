"""Log-in and log-out. Guessing is slowed by address and by account; each refused try is in the audit log."""

from __future__ import annotations

from contextlib import suppress
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
from sipedge.oidc.errors import ProviderDown
from sipedge.oidc.provider import Provider

OUT = "out"
"""In the address, of who has just logged out here and may want to at the provider."""
LONGEST_NAME = 100
"""Characters that are looked at: no account has as many, and what strangers try is remembered for a while."""
WRONG = "this is no account, or another password"


async def show(request: Request) -> Response:
    return await log_in_form(request, 200, "")


async def log_in(request: Request) -> Response:
    form = await request.form()
    name, password = str(form.get("name", ""))[:LONGEST_NAME], str(form.get("password", ""))
    guessing, who = door_of(request).guessing, (address_of(request), name)
    if left := guessing.left(who):
        await audit_refused(request, name, "too soon after a wrong one")
        return await log_in_form(request, 429, f"too many wrong passwords: try again in {span_text(left + 1)}")
    guessing.failed(who)  # until it is known: so nobody tries many at once
    account = await to_thread.run_sync(_keeping_of(request).accounts.checked, name, password, limiter=guessing.limiter)
    if account is None:
        await audit_refused(request, name, "wrong password")
        return await log_in_form(request, 403, WRONG)
    guessing.succeeded(who)
    return await _let_in(request, account, str(form.get("next", "")))


async def log_out(request: Request) -> Response:
    identity = identity_of(request)
    await to_thread.run_sync(_keeping_of(request).sessions.end, identity.session)
    await note(_keeping_of(request), request, identity.name, "log-out")
    answer = RedirectResponse(LOG_IN if identity.has_password else f"{LOG_IN}?{OUT}=1", 303)
    answer.headers["Clear-Site-Data"] = '"storage"'  # of drafts: who uses the browser next shall not find it
    answer.delete_cookie(door_of(request).cookie, secure=door_of(request).secure, httponly=True, samesite="strict")
    return answer


async def _let_in(request: Request, account: Account, wanted: str) -> Response:
    answer = RedirectResponse(own_place(wanted), 303)
    await begin_session(request, account, answer)
    return answer


async def begin_session(request: Request, account: Account, answer: Response) -> None:
    """``answer`` gets the cookie."""
    keeping, door = _keeping_of(request), door_of(request)
    about = f"by {account.issuer}, {account.role}" if account.issuer else ""
    await note(keeping, request, account.name, "log-in", about)
    browser = request.headers.get("user-agent", "")
    key = await to_thread.run_sync(keeping.sessions.begin, account.name, address_of(request), browser, time())
    answer.set_cookie(door.cookie, key, secure=door.secure, httponly=True, samesite="strict")


def own_place(wanted: str) -> str:
    """A page of this console, never a place elsewhere (``//evil.example``)."""
    is_own = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if is_own else "/"


async def audit_refused(request: Request, who: str, why: str) -> None:
    if door_of(request).guessing.is_audited(address_of(request)):
        await note(_keeping_of(request), request, who, "log-in refused", why)


async def log_in_form(request: Request, status: int, problem: str) -> Response:
    """The page by which one logs in."""
    wanted, provider = request.query_params.get("next", "/"), world_of(request).provider
    return page(
        request,
        "log_in.html",
        "Log in",
        status,
        problem=problem,
        wanted=wanted,
        provider=provider.name if provider else "",
        way_out=await _way_out(request, provider) if provider and OUT in request.query_params else "",
    )


async def _way_out(request: Request, provider: Provider) -> str:
    """Else one click would log him in again. '' also where the provider does not answer."""
    with suppress(ProviderDown):
        return await provider.way_out(address_here(request, LOG_IN))
    return ""


def address_here(request: Request, path: str) -> str:
    """As the provider is to call a page of this console."""
    return f"{'https' if door_of(request).secure else 'http'}://{request.headers['host']}{path}"


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
