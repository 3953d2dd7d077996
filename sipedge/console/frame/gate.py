"""Before every page: the host that was asked for, where a form comes from, who asks, what he may; after it the headers.

A form carries the token of its session, which no other page can know. Of it is read so much as a form can be.

A browser that is told to send a request by a foreign page says so (Sec-Fetch-Site; Origin from older ones), and a name
that an attacker's DNS points to this address is no name of this console (DNS rebinding).
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from secrets import compare_digest, token_urlsafe
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse

from sipedge.control.channel.client import Unreachable
from sipedge.control.refusal import Refused
from sipedge.printable import escaped

from .identity import Identity
from .page import Page, no_page, world_of
from .refusing import refused

_log = logging.getLogger("sipedge.console")
Endpoint = Callable[[Request], Awaitable[Response]]
Turn = Callable[[str], AbstractAsyncContextManager[None]]
Content = str | bytes | memoryview

SAFE = ("GET", "HEAD")
LONGEST = 8 * 1024**2
"""Bytes of a form."""
STRANGERS = 64 * 1024
"""Of one that may be sent before the log-in."""
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def gated(page: Page, hosts: frozenset[str]) -> Endpoint:
    """The endpoint of a page behind all checks. ``hosts``: by which the console may be called, without ports."""

    async def endpoint(request: Request) -> Response:
        request.state.nonce = token_urlsafe(16)
        try:
            response = await _answer(request, page, hosts)
        finally:
            await request.close()  # files of a form
        _protect(request, response)
        return response

    return endpoint


def hosts_of(listen: str, names: tuple[str, ...]) -> frozenset[str]:
    """``listen``: an address. A loopback address is also called by its names."""
    own = LOOPBACK if listen in LOOPBACK else ()
    return frozenset(name.lower() for name in (listen, *own, *names))


async def _answer(request: Request, page: Page, hosts: frozenset[str]) -> Response:
    host = request.headers.get("host", "")
    if _name(host) not in hosts:
        known = ", ".join(sorted(hosts))
        return refused(
            request, 421, f'this console is not called "{escaped(host)}"; its names are {known} ([console] names)'
        )
    if request.method not in SAFE and not _same_site(request, host):
        return refused(request, 403, "this form was sent by another site")
    longest = STRANGERS if page.role is None else LONGEST
    if request.method not in SAFE and not _short_enough(request, longest):
        return refused(request, 413, f"a form has a Content-Length, of {longest} bytes at most")
    return await _said(request, page)


async def _let_in(request: Request, page: Page) -> Response:
    if page.role is not None:
        try:
            who = await world_of(request).door.who(request)
        except OSError as error:
            return refused(request, 503, f"who you are cannot be looked up: {error}")
        if not isinstance(who, Identity):
            return who
        if who.role < page.role:
            return refused(request, 403, f"{who.name} is {who.role}; this needs {page.role}")
        if request.method not in SAFE and who.form_token and not await _carries(request, who.form_token):
            return refused(request, 403, "this form is not of your session; load the page anew, and send it again")
        request.state.identity = who
        if not page.lasting:
            return await _in_turn(request, page, world_of(request).lanes.turn, who.account)
    return await page.endpoint(request)


async def _in_turn(request: Request, page: Page, turn: Turn, account: str) -> Response:
    """Each piece of an answer that comes in pieces takes a turn of its own."""
    async with turn(account):
        response = await page.endpoint(request)
    if isinstance(response, StreamingResponse):
        response.body_iterator = _pieces(response.body_iterator, turn, account)
    return response


async def _pieces(body: AsyncIterable[Content], turn: Turn, account: str) -> AsyncIterator[Content]:
    pieces = aiter(body)
    while True:
        async with turn(account):
            piece = await anext(pieces, None)
        if piece is None:
            return
        yield piece


async def _said(request: Request, page: Page) -> Response:
    """The page, or why it cannot be: what somebody wished for cannot be done, or the disk does not take it."""
    request.state.identity = None
    try:
        return await _let_in(request, page)
    except Refused as error:
        return no_page(request, error.code, error.sentence, error.problems)
    except Unreachable as error:
        return no_page(request, 503, str(error))
    except OSError as error:
        return no_page(request, 500, f"this cannot be kept or read: {error}")
    except ClientDisconnect:
        return refused(request, 400, "the form did not come whole")  # nobody hears it
    except HTTPException as error:
        return no_page(request, error.status_code, f"this form cannot be read: {error.detail}")
    except Exception:  # a mistake of ours: whoever asks is told so in a page as safe as all others
        _log.exception("%s %s went wrong", request.method, escaped(request.url.path))
        return no_page(request, 500, "this went wrong, by a mistake of the console; its log says which")


def _short_enough(request: Request, longest: int) -> bool:
    length = request.headers.get("content-length", "")
    return length.isascii() and length.isdigit() and len(length) < 12 and int(length) <= longest


async def _carries(request: Request, token: str) -> bool:
    """In a header, or in the form itself."""
    given = request.headers.get("x-form-token")
    if given is None:
        field = (await request.form()).get("form_token")
        given = field if isinstance(field, str) else ""
    return compare_digest(given.encode(), token.encode())


def _name(host: str) -> str:
    """Without the port; '' for what is more than a name and a port, because addresses are made of it."""
    if set(host) & set("/?#@\\ "):
        return ""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _same_site(request: Request, host: str) -> bool:
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin")
    return origin is None or origin == f"{request.url.scheme}://{host}"


def _protect(request: Request, response: Response) -> None:
    nonce = request.state.nonce
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; "
        "connect-src 'self'; font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers.setdefault("Cache-Control", "no-store")
