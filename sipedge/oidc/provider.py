"""The provider: what it says of itself, where a browser is sent, and who comes back from there."""

from __future__ import annotations

from collections.abc import Mapping
from hmac import compare_digest
from time import monotonic, time
from typing import Any
from urllib.parse import urlencode, urlsplit

from sipedge.oidc_settings import OidcSettings, is_safe

from .attempt import Attempt, challenge
from .claims import Person, claims_of, person_of
from .errors import NotLetIn, ProviderDown
from .fetching import SHOWN, Fetcher

DISCOVERY = "/.well-known/openid-configuration"
KEPT = 600.0
"""Seconds for which it is not asked again what it says of itself."""
REST = 5.0
"""Seconds for which one that is down is not asked again: else whoever knocks sends the console there."""
LONGEST_CODE = 4096


class Provider:
    """Belongs to the event loop."""

    def __init__(self, settings: OidcSettings) -> None:
        """Raises OSError where the file of CAs cannot be read."""
        self.settings = settings
        self.name = urlsplit(settings.issuer).hostname or settings.issuer
        """For people."""
        self._fetcher = Fetcher(settings.ca)
        self._known: tuple[float, dict[str, Any]] = 0.0, {}
        self._down: tuple[float, str] = 0.0, ""

    async def way_in(self, back: str, attempt: Attempt) -> str:
        """Where the browser logs in. ``back``: the address that it comes back to. Raises ProviderDown."""
        says = await self._says()
        asked = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": back,
            "scope": self.settings.scope,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": challenge(attempt.verifier),
            "code_challenge_method": "S256",
        }
        return _with_query(says["authorization_endpoint"], asked)

    async def way_out(self, back: str) -> str:
        """Where a browser logs out there, too; '' where there is no such place. Raises ProviderDown."""
        place = (await self._says()).get("end_session_endpoint", "")
        asked = {"client_id": self.settings.client_id, "post_logout_redirect_uri": back}
        return _with_query(place, asked) if place else ""

    async def person(self, given: Mapping[str, str], back: str, attempt: Attempt) -> Person:
        """Who comes back. ``given``: the query of his address. Raises NotLetIn, ProviderDown."""
        if not compare_digest(given.get("state", "").encode(), attempt.state.encode()):
            raise NotLetIn("this is the answer to another log-in: begin again")
        says = await self._says()
        self._check_answer(given, says)
        tokens = await self._exchanged(given["code"], back, attempt, says)
        token = _text(tokens, "id_token")
        keys = await self._fetcher.get(says["jwks_uri"])
        claims = claims_of(token, keys, self.settings, attempt.nonce, time())
        if self.settings.claim not in claims and says.get("userinfo_endpoint"):
            claims |= await self._further(claims, tokens, says)
        return person_of(claims, self.settings)

    def _check_answer(self, given: Mapping[str, str], says: Mapping[str, Any]) -> None:
        """``iss``: RFC 9207, so that no answer of another provider is taken for this one's."""
        issuer = given.get("iss")
        if issuer is None and says.get("authorization_response_iss_parameter_supported") is True:
            raise NotLetIn(f"the answer does not say that it is of {self.settings.issuer} (iss)")
        if issuer is not None and issuer != self.settings.issuer:
            raise NotLetIn("the answer is of another issuer (iss)")
        if "error" in given:
            said = f"{given['error']} {given.get('error_description', '')}".strip()
            raise NotLetIn(f"{self.name} says {said[:SHOWN]}")
        if not 0 < len(given.get("code", "")) <= LONGEST_CODE:
            raise NotLetIn("the answer has no code")

    async def _exchanged(self, code: str, back: str, attempt: Attempt, says: Mapping[str, Any]) -> dict[str, Any]:
        """RFC 6749, 4.1.3."""
        settings = self.settings
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": attempt.verifier,
            "client_id": settings.client_id,
        }
        account = (settings.client_id, settings.client_secret) if settings.client_secret else None
        ways = says.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if account is not None and isinstance(ways, list) and "client_secret_basic" not in ways:
            form["client_secret"], account = settings.client_secret, None
        return await self._fetcher.post(says["token_endpoint"], form, account)

    async def _further(
        self, claims: Mapping[str, Any], tokens: Mapping[str, Any], says: Mapping[str, Any]
    ) -> dict[str, Any]:
        """What UserInfo adds, if it is about the same person (OpenID Connect Core 1.0, 5.3.2)."""
        found = await self._fetcher.get(says["userinfo_endpoint"], _text(tokens, "access_token"))
        if found.get("sub") != claims["sub"]:
            raise NotLetIn("UserInfo tells of somebody else (sub)")
        wanted = (self.settings.claim, self.settings.name_claim)
        return {name: found[name] for name in wanted if name in found and name not in claims}

    async def _says(self) -> dict[str, Any]:
        """OpenID Connect Discovery 1.0. Raises ProviderDown."""
        now = monotonic()
        at, known = self._known
        if known and now - at < KEPT:
            return known
        since, why = self._down
        if why and now - since < REST:
            raise ProviderDown(why)
        try:
            says = await self._fetcher.get(self.settings.issuer.rstrip("/") + DISCOVERY)
            _check_discovered(says, self.settings.issuer)
        except (ProviderDown, NotLetIn) as error:
            self._down = monotonic(), str(error)
            raise ProviderDown(str(error)) from None
        self._known, self._down = (monotonic(), says), (0.0, "")
        return says


def _check_discovered(says: Mapping[str, Any], issuer: str) -> None:
    if says.get("issuer") != issuer:
        raise ProviderDown(
            f"{issuer} calls itself {str(says.get('issuer'))[:SHOWN]}: [console.oidc] issuer has to be so"
        )
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint", "end_session_endpoint"):
        place = says.get(name)
        if place is None and name in ("userinfo_endpoint", "end_session_endpoint"):
            continue
        if not isinstance(place, str) or not is_safe(place):
            raise ProviderDown(f"{issuer} names no {name} with https://")
    methods = says.get("code_challenge_methods_supported", ["S256"])
    if not isinstance(methods, list) or "S256" not in methods:
        raise ProviderDown(f"{issuer} knows no PKCE with S256")


def _with_query(place: str, asked: Mapping[str, str]) -> str:
    return f"{place}{'&' if urlsplit(place).query else '?'}{urlencode(asked)}"


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name)
    if not isinstance(value, str) or not value:
        raise NotLetIn(f"the provider sends no {name}")
    return value
