"""Who asks: the session of an account by its cookie, a program by its token, or nobody yet."""

from __future__ import annotations

import re
from ipaddress import ip_address
from time import time
from urllib.parse import quote

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sipedge.config.console_table import ConsoleConfig
from sipedge.console.bounds.guessing import Guessing

from .identity import Identity, Role
from .keeping import Keeping
from .refusing import API, refused

LOG_IN = "/log-in"
NOTICE = (
    "There are no accounts: every user of this machine can read here. "
    "The first one is made by: sipedge account add {} NAME --role admin"
)
BEARER = "bearer "
_HOST = re.compile("https?://[^/?#]*")
LIVE = "/live"
BY_ITSELF = ("/alarms/count", "/trial", LIVE)
"""What a page that is open asks although nobody uses it: no session lasts by it."""


class AccountsDoor:
    """Before there are accounts, and where no provider vouches for people, whoever reaches a loopback address may read;
    nobody may change anything."""

    def __init__(self, config: ConsoleConfig, keeping: Keeping) -> None:
        settings = config.console
        self.secure = bool(settings.certificate)
        self.cookie = f"{'__Host-' if self.secure else ''}sipedge-{settings.port}"
        """Cookies do not tell ports apart: each console of a machine has one of its own."""
        self.guessing = Guessing()
        self.notice = ""
        self._keeping = keeping
        self._lets_read = ip_address(settings.host).is_loopback and settings.oidc is None
        self._first = NOTICE.format(config.path)

    async def who(self, request: Request) -> Identity | Response:
        found = await to_thread.run_sync(self._found, request)
        return found or _log_in_first(request)

    def _found(self, request: Request) -> Identity | None:
        given, now = request.headers.get("authorization", ""), time()
        if given:
            token = self._keeping.tokens.of(given[len(BEARER) :], now) if given.lower().startswith(BEARER) else None
            return Identity(f"{token.account} (token {token.name})", token.role, by=token.account) if token else None
        used = request.url.path not in BY_ITSELF
        session = self._keeping.sessions.of(request.cookies.get(self.cookie, ""), now, used)
        if session is not None:
            self.notice = ""
            return Identity(session.account, session.role, session.form_token, session.number)
        self.notice = self._first if self._lets_read and not self._keeping.accounts.some() else ""
        return Identity("local", Role.AUDITOR) if self.notice else None


def _log_in_first(request: Request) -> Response:
    if request.url.path.startswith(API) or "authorization" in request.headers:
        answer = refused(request, 401, "send a token that has not ended: Authorization: Bearer sipedge_...")
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer
    place = f"{LOG_IN}?next={quote(_shown(request))}"
    if "hx-request" in request.headers:
        return Response(status_code=401, headers={"HX-Redirect": place})
    return RedirectResponse(place, 303)


def _shown(request: Request) -> str:
    """What he wanted to see; of a form, and of a part of a page, the page that it stands on."""
    page = request.headers.get("hx-current-url", "")
    if not page and request.method != "GET":
        page = request.headers.get("referer", "/")
    if page:
        return _HOST.sub("", page) or "/"
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")
