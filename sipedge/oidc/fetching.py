"""JSON from a provider: over TLS, of bounded size, in bounded time, by few requests at once."""

from __future__ import annotations

import json
import ssl
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus

import httpx
from anyio import CapacityLimiter, fail_after

from .errors import NotLetIn, ProviderDown

LIMIT = 10.0
"""Seconds for an answer, waiting for others included."""
MOST = 1 << 18
"""Bytes of an answer; a set of keys has a few thousand."""
AT_ONCE = 4
"""Requests."""
SHOWN = 200
"""Characters of what a provider says about an error."""
MEANINGS = {
    "invalid_grant": "the code of this log-in has ended, was used before, or was given for another log-in: begin again",
    "invalid_client": "the provider does not know the console so: is client_id of [console.oidc] or its secret wrong?",
}
"""RFC 6749, 5.2."""
_PLAIN = {"Accept": "application/json", "Accept-Encoding": "identity"}


class Fetcher:
    """Belongs to the event loop."""

    def __init__(self, ca: str) -> None:
        """``ca``: PEM file; '' for the system's. Raises OSError."""
        self._tls = ssl.create_default_context(cafile=ca or None)
        self._limiter: CapacityLimiter | None = None

    async def get(self, url: str, token: str = "") -> dict[str, Any]:
        """``token``: sent as bearer. Raises ProviderDown, NotLetIn."""
        return await self._asked("GET", url, {"Authorization": f"Bearer {token}"} if token else {}, None)

    async def post(self, url: str, form: Mapping[str, str], account: tuple[str, str] | None) -> dict[str, Any]:
        """``account``: (client, secret) for Basic (RFC 6749, 2.3.1). Raises ProviderDown, NotLetIn."""
        headers = {"Authorization": _basic(*account)} if account else {}
        return await self._asked("POST", url, headers, form)

    async def _asked(
        self, method: str, url: str, headers: Mapping[str, str], form: Mapping[str, str] | None
    ) -> dict[str, Any]:
        if self._limiter is None:
            self._limiter = CapacityLimiter(AT_ONCE)
        try:
            with fail_after(LIMIT):
                async with self._limiter:
                    status, body = await self._sent(method, url, headers, form)
        except TimeoutError:
            raise ProviderDown(f"{url} does not answer within {LIMIT:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ProviderDown(f"{url} does not answer: {error}") from None
        return _read(url, status, body)

    async def _sent(
        self, method: str, url: str, headers: Mapping[str, str], form: Mapping[str, str] | None
    ) -> tuple[int, bytes]:
        """Redirects are not followed: a provider names its places itself."""
        body = bytearray()
        async with (
            httpx.AsyncClient(verify=self._tls, timeout=LIMIT, trust_env=False) as client,
            client.stream(method, url, headers={**_PLAIN, **headers}, data=form) as response,
        ):
            async for piece in response.aiter_raw():
                body += piece
                if len(body) > MOST:
                    raise ProviderDown(f"{url} answers with more than {MOST} bytes")
        return response.status_code, bytes(body)


def _read(url: str, status: int, body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    if status in (400, 401, 403) and isinstance(value, dict) and isinstance(value.get("error"), str):
        said = f"{value['error']} {value.get('error_description', '')}".strip()
        meaning = MEANINGS.get(value["error"])
        raise NotLetIn(f"{meaning} ({url} says {said[:SHOWN]})" if meaning else f"{url} says {said[:SHOWN]}")
    if status != 200:
        raise ProviderDown(f"{url} answers with {status}")
    if not isinstance(value, dict):
        raise ProviderDown(f"{url} answers with something that is no JSON object")
    return value


def _basic(client: str, secret: str) -> str:
    return "Basic " + b64encode(f"{quote_plus(client)}:{quote_plus(secret)}".encode()).decode()
