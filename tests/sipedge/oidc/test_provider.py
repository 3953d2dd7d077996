"""A provider that answers oddly, or not at all."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import pytest
from support.http_server import HttpServer

from sipedge.oidc import fetching
from sipedge.oidc.attempt import challenge, new_attempt
from sipedge.oidc.errors import NotLetIn, ProviderDown
from sipedge.oidc.provider import DISCOVERY, Provider
from sipedge.oidc_settings import OidcSettings

BACK = "https://edge.example.com/log-in/oidc/back"
pytestmark = pytest.mark.e2e


def _says(here: str, /, **other: Any) -> dict[str, Any]:
    names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    found = {"issuer": here, **{name: f"{here}/{name}" for name in names}, **other}
    return {name: value for name, value in found.items() if value is not None}


@asynccontextmanager
async def _there(secret: str = "", **other: Any) -> AsyncIterator[tuple[Provider, HttpServer]]:
    async with HttpServer() as server:
        issuer = server.url("")
        server.answers[DISCOVERY] = json.dumps(_says(issuer, **other)).encode()
        settings = OidcSettings(issuer, "sip edge", {"x": "admin"}, client_secret=secret)
        yield Provider(settings), server


async def _way_in(provider: Provider) -> str:
    return await provider.way_in(BACK, new_attempt())


def test_a_browser_is_sent_with_state_nonce_and_challenge() -> None:
    async def story() -> None:
        attempt = new_attempt()
        async with _there(authorization_endpoint="https://id.example.com/auth?tenant=1") as (provider, server):
            way = urlsplit(await provider.way_in(BACK, attempt))
            await provider.way_in(BACK, attempt)
            assert len(server.asked) == 1, "it is remembered"
        asked = {name: value for name, (value,) in parse_qs(way.query).items()}
        assert (way.netloc, asked.pop("tenant"), asked.pop("scope")) == ("id.example.com", "1", "openid profile email")
        assert asked == {
            "response_type": "code",
            "client_id": "sip edge",
            "redirect_uri": BACK,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": challenge(attempt.verifier),
            "code_challenge_method": "S256",
        }

    anyio.run(story)


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        ({"issuer": "https://id.example.com"}, "calls itself https://id.example.com"),
        ({"issuer": None}, "calls itself None"),
        ({"token_endpoint": "http://id.example.com/token"}, "no token_endpoint with https"),
        ({"jwks_uri": None}, "no jwks_uri with https"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "no authorization_endpoint with https"),
        ({"end_session_endpoint": "//evil.example"}, "no end_session_endpoint with https"),
        ({"userinfo_endpoint": 7}, "no userinfo_endpoint with https"),
        ({"code_challenge_methods_supported": ["plain"]}, "no PKCE with S256"),
    ],
)
def test_a_provider_that_says_something_odd_of_itself_is_not_used(other: dict[str, Any], sentence: str) -> None:
    async def story() -> None:
        async with _there(**other) as (provider, _):
            with pytest.raises(ProviderDown, match=sentence):
                await _way_in(provider)

    anyio.run(story)


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", "answers with 500"),
        (b"HTTP/1.1 302 No\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", "answers with 302"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", "no JSON object"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{x", "no JSON object"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b" " * (fetching.MOST + 1), "more than 262144 bytes"),
        (b"220 mail.example.com\r\n", "does not answer"),
        (b"", "does not answer within 0.2 s"),
    ],
)
def test_a_provider_that_does_not_answer_is_one_sentence(
    raw: bytes, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "LIMIT", 0.2 if not raw else 10.0)

    async def story() -> None:
        async with _there() as (provider, server):
            server.raw = raw
            for _ in range(2):
                with pytest.raises(ProviderDown, match=sentence):
                    await _way_in(provider)
            assert len(server.asked) == 1, "it is left alone for a while"

    anyio.run(story)


@pytest.mark.parametrize(
    ("ways", "basic"),
    [(None, True), (["client_secret_post", "client_secret_basic"], True), (["client_secret_post"], False)],
)
def test_the_secret_is_sent_as_the_provider_takes_it_and_its_no_is_told(ways: list[str] | None, basic: bool) -> None:
    async def story() -> None:
        attempt = new_attempt()
        async with _there("a:b c", token_endpoint_auth_methods_supported=ways) as (provider, server):
            server.answers["/token_endpoint"] = json.dumps({"access_token": "x"}).encode()
            server.answers["/jwks_uri"] = b'{"keys": []}'
            with pytest.raises(NotLetIn, match="sends no id_token"):
                await provider.person({"state": attempt.state, "code": "a code"}, BACK, attempt)
            head, _, body = server.asked[-1].partition(b"\r\n\r\n")
            form = {name: value for name, (value,) in parse_qs(body.decode()).items()}
            assert form["code_verifier"] == attempt.verifier and form["code"] == "a code"
            assert (b"Basic c2lwK2VkZ2U6YSUzQWIrYw==" in head) == basic
            assert ("client_secret" in form) != basic
            server.raw = b'HTTP/1.1 400 No\r\nContent-Length: 25\r\n\r\n{"error":"invalid_grant"}'
            with pytest.raises(NotLetIn, match="says invalid_grant"):
                await provider.person({"state": attempt.state, "code": "a code"}, BACK, attempt)

    anyio.run(story)


def test_an_answer_to_somebody_else_is_refused_before_the_provider_is_asked() -> None:
    async def story() -> None:
        attempt = new_attempt()
        async with _there(authorization_response_iss_parameter_supported=True) as (provider, server):
            issuer = provider.settings.issuer
            for given, sentence in (
                ({}, "another log-in"),
                ({"state": new_attempt().state, "code": "x"}, "another log-in"),
                ({"state": attempt.state, "code": "x"}, "does not say that it is of"),
                ({"state": attempt.state, "code": "x", "iss": "https://evil.example"}, "of another issuer"),
                ({"state": attempt.state, "iss": issuer}, "has no code"),
                ({"state": attempt.state, "iss": issuer, "code": "x" * 4097}, "has no code"),
                ({"state": attempt.state, "iss": issuer, "error": "access_denied"}, "says access_denied"),
            ):
                with pytest.raises(NotLetIn, match=sentence):
                    await provider.person(given, BACK, attempt)
            assert len(server.asked) == 1, "only of itself"

    anyio.run(story)
