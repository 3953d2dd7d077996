"""Before every page: the host that was asked for, where a form comes from, who asks, what he may; after it the headers.

A browser that is told to send a request by a foreign page says so (Sec-Fetch-Site; Origin from older ones), and a name
that an attacker's DNS points to this address is no name of this console (DNS rebinding).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from secrets import token_urlsafe
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from sipedge.printable import escaped

from .identity import Identity
from .page import Page, world_of

Endpoint = Callable[[Request], Awaitable[Response]]

SAFE = ("GET", "HEAD")
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def gated(page: Page, hosts: frozenset[str]) -> Endpoint:
    """The endpoint of a page behind all checks. ``hosts``: by which the console may be called, without ports."""

    async def endpoint(request: Request) -> Response:
        request.state.nonce = token_urlsafe(16)
        response = await _answer(request, page, hosts)
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
        return _no(421, f'this console is not called "{escaped(host)}"; its names are {known} ([console] names)')
    if request.method not in SAFE and not _same_site(request, host):
        return _no(403, "this form was sent by another site")
    who = world_of(request).door.who(request)
    if not isinstance(who, Identity):
        return who
    if who.role < page.role:
        return _no(403, f"{who.name} is {who.role}; this needs {page.role}")
    request.state.identity = who
    return await page.endpoint(request)


def _name(host: str) -> str:
    """Without the port."""
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


def _no(status: int, sentence: str) -> Response:
    return PlainTextResponse(sentence + "\n", status)


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
