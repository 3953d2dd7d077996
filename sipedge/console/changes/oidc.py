"""Log-in at the OpenID provider: the browser is sent there, and what it comes back with is checked."""

from __future__ import annotations

from functools import partial
from urllib.parse import quote, unquote

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sipedge.accounts.accounts import Account, AccountError
from sipedge.console.frame.door import AccountsDoor
from sipedge.console.frame.keeping import address_of
from sipedge.console.frame.page import Page, page, world_of
from sipedge.control.refusal import NOT_FOUND, Refused
from sipedge.control.times import span_text
from sipedge.oidc.attempt import attempt_of, new_attempt
from sipedge.oidc.claims import Person
from sipedge.oidc.errors import NotLetIn, ProviderDown
from sipedge.oidc.provider import Provider

from .log_in import address_here, audit_refused, begin_session, door_of, log_in_form, own_place

BEGIN, BACK = "/log-in/oidc", "/log-in/oidc/back"
PATIENCE = 600
"""Seconds that somebody may take at the provider."""
LONGEST = 1024
"""Characters of the address that he wanted to see."""
NOBODY = "somebody"
"""Who wants to be let in, in the audit log, before it is known who he is."""


async def begin(request: Request) -> Response:
    provider, door, attempt = _provider(request), door_of(request), new_attempt()
    wanted = own_place(request.query_params.get("next", ""))
    try:
        way = await provider.way_in(address_here(request, BACK), attempt)
    except ProviderDown as error:
        return await log_in_form(request, 503, _down(error))
    answer = RedirectResponse(way, 303)
    value = f"{attempt.key}.{quote(wanted if len(wanted) < LONGEST else '/', safe='')}"
    # Lax: the browser comes back from another site, and has to bring it along.
    answer.set_cookie(_cookie(door), value, PATIENCE, secure=door.secure, httponly=True, samesite="lax")
    return answer


async def back(request: Request) -> Response:
    door, who = door_of(request), (address_of(request),)
    if left := door.guessing.left(who):
        return await log_in_form(request, 429, f"too many refused log-ins: try again in {span_text(left + 1)}")
    door.guessing.failed(who)  # until it is known, as with passwords
    try:
        account, wanted = await _entered(request)
    except ProviderDown as error:
        door.guessing.succeeded(who)
        return await log_in_form(request, 503, _down(error))
    except NotLetIn as error:
        await audit_refused(request, NOBODY, str(error))
        return await log_in_form(request, 403, f"you are not let in: {error}")
    door.guessing.succeeded(who)
    # A page, no redirect: a browser that comes from another site does not send the new cookie where it is redirected.
    answer = page(request, "entered.html", "Logged in", wanted=wanted)
    answer.delete_cookie(_cookie(door), secure=door.secure, httponly=True, samesite="lax")
    await begin_session(request, account, answer)
    return answer


async def _entered(request: Request) -> tuple[Account, str]:
    """(who comes in, what he wanted to see). Raises NotLetIn, ProviderDown."""
    provider = _provider(request)
    key, _, wanted = request.cookies.get(_cookie(door_of(request)), "").partition(".")
    attempt = attempt_of(key)
    if attempt is None:
        raise NotLetIn("this log-in was begun too long ago, or in another browser: begin again")
    person = await provider.person(request.query_params, address_here(request, BACK), attempt)
    return await _account(request, provider, person), own_place(unquote(wanted))


async def _account(request: Request, provider: Provider, person: Person) -> Account:
    accounts, issuer = world_of(request).keeping.accounts, provider.settings.issuer
    if person.role is None:
        gone = await to_thread.run_sync(accounts.disowned, issuer, person.subject)
        what = f"; the account {gone} is removed" if gone else ""
        claim = provider.settings.claim
        raise NotLetIn(f'no value of the claim "{claim}" of {person.name} stands for a role in [console.oidc]{what}')
    try:
        enter = partial(accounts.vouched, issuer, person.subject, person.name, person.role)
        return await to_thread.run_sync(enter)
    except AccountError as error:
        raise NotLetIn(str(error)) from None


def _provider(request: Request) -> Provider:
    """Raises Refused."""
    provider = world_of(request).provider
    if provider is None:
        raise Refused(NOT_FOUND, "there is no [console.oidc] in the configuration: log in with a password")
    return provider


def _cookie(door: AccountsDoor) -> str:
    """Beside that of sessions."""
    return f"{door.cookie}-oidc"


def _down(error: ProviderDown) -> str:
    return f"nobody can log in at the provider now: {error}"


PAGES = (
    Page(BEGIN, begin, None),
    Page(BACK, back, None),
)
