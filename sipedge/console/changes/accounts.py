"""Accounts, sessions and tokens: an admin sees to all of them, everybody to his own password."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import time

from anyio import to_thread
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sipedge.accounts.accounts import AccountError
from sipedge.accounts.passwords import PasswordError
from sipedge.accounts.roles import role_named
from sipedge.console.frame.identity import Role
from sipedge.console.frame.keeping import Keeping, address_of
from sipedge.console.frame.page import Page, identity_of, page, world_of
from sipedge.control.refusal import BAD_REQUEST, CONFLICT, FORBIDDEN, NOT_FOUND, UNPROCESSABLE, Refused
from sipedge.control.times import span_text

from .drafts import audit, number_in, text_in
from .log_in import door_of


async def accounts(request: Request) -> Response:
    return await _shown(request)


async def add(request: Request) -> Response:
    form = await request.form()
    name, role = text_in(form, "name"), _role(form)
    await audit(request, "account added", f"{name}, {role}")
    await _done(partial(_keeping(request).accounts.add, name, role, text_in(form, "password")))
    return _back()


async def give_role(request: Request) -> Response:
    form = await request.form()
    name, role = text_in(form, "name"), _role(form)
    await audit(request, "role given", f"{name}, {role}")
    await _done(partial(_keeping(request).accounts.give_role, name, role))
    return _back()


async def give_password(request: Request) -> Response:
    """An admin's word for an account that has lost its own."""
    form = await request.form()
    name = text_in(form, "name")
    await audit(request, "password changed", name)
    await _done(partial(_keeping(request).accounts.give_password, name, text_in(form, "password")))
    return _back()


async def remove(request: Request) -> Response:
    name = text_in(await request.form(), "name")
    await audit(request, "account removed", name)
    await _done(partial(_keeping(request).accounts.remove, name))
    return _back()


async def end_session(request: Request) -> Response:
    number = number_in(await request.form(), "number")
    whose = await to_thread.run_sync(_keeping(request).sessions.end, number)
    if not whose:
        raise Refused(NOT_FOUND, f"there is no session {number}")
    await audit(request, "session ended", f"of {whose}")
    return _back()


async def add_token(request: Request) -> Response:
    """It is shown on this one page, and never again."""
    form, identity = await request.form(), identity_of(request)
    name, role, days = text_in(form, "name"), _role(form), number_in(form, "days")
    await audit(request, "token made", f"{name}, {role}, for {days} days")
    text = await _done(partial(_keeping(request).tokens.add, name, role, identity.name, days, time()))
    return await _shown(request, str(text))


async def end_token(request: Request) -> Response:
    number = number_in(await request.form(), "number")
    name = await to_thread.run_sync(_keeping(request).tokens.end, number)
    if not name:
        raise Refused(NOT_FOUND, f"there is no token {number}")
    await audit(request, "token ended", name)
    return _back()


async def own(request: Request) -> Response:
    return page(request, "own.html", "Your password")


async def change_own(request: Request) -> Response:
    """It ends all sessions of the account, this one too."""
    form, identity, keeping = await request.form(), identity_of(request), _keeping(request)
    if not identity.has_password:
        raise Refused(FORBIDDEN, "only who has logged in with a password has one")
    await _check_own(request, identity.name, text_in(form, "old"))
    await audit(request, "password changed", identity.name)
    await _done(partial(keeping.accounts.give_password, identity.name, text_in(form, "password")))
    return RedirectResponse("/log-in", 303)


async def _check_own(request: Request, name: str, password: str) -> None:
    """Slowed as log-ins are. Raises Refused."""
    guessing, who = door_of(request).guessing, (address_of(request), name)
    if left := guessing.left(who):
        raise Refused(CONFLICT, f"too many wrong passwords: try again in {span_text(left + 1)}")
    guessing.failed(who)
    checked = _keeping(request).accounts.checked
    if await to_thread.run_sync(checked, name, password, limiter=guessing.limiter) is None:
        await audit(request, "password not changed", "wrong password")
        raise Refused(FORBIDDEN, "the old password is another one")
    guessing.succeeded(who)


async def _shown(request: Request, made: str = "") -> Response:
    keeping, now = _keeping(request), time()
    return page(
        request,
        "accounts.html",
        "Accounts",
        accounts=await to_thread.run_sync(keeping.accounts.all),
        sessions=await to_thread.run_sync(keeping.sessions.all, now),
        tokens=await to_thread.run_sync(keeping.tokens.all),
        roles=list(Role),
        made=made,
        now=now,
    )


async def _done(change: Callable[[], object]) -> object:
    """Raises Refused for what cannot be done."""
    try:
        return await to_thread.run_sync(change)
    except (AccountError, PasswordError) as error:
        raise Refused(UNPROCESSABLE, str(error)) from None


def _keeping(request: Request) -> Keeping:
    return world_of(request).keeping


def _role(form: FormData) -> Role:
    """Raises Refused."""
    try:
        return role_named(text_in(form, "role"))
    except ValueError as error:
        raise Refused(BAD_REQUEST, str(error)) from None


def _back() -> Response:
    return RedirectResponse("/accounts", 303)


PAGES = (
    Page("/accounts", accounts, Role.ADMIN, "Accounts"),
    Page("/accounts/add", add, Role.ADMIN, methods=("POST",)),
    Page("/accounts/role", give_role, Role.ADMIN, methods=("POST",)),
    Page("/accounts/password", give_password, Role.ADMIN, methods=("POST",)),
    Page("/accounts/remove", remove, Role.ADMIN, methods=("POST",)),
    Page("/sessions/end", end_session, Role.ADMIN, methods=("POST",)),
    Page("/tokens/add", add_token, Role.ADMIN, methods=("POST",)),
    Page("/tokens/end", end_token, Role.ADMIN, methods=("POST",)),
    Page("/password", own, Role.AUDITOR),
    Page("/password", change_own, Role.AUDITOR, methods=("POST",)),
)
