"""Log-in at a certified OpenID provider that demands PKCE, and each way in which such a log-in goes wrong."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from httpx import Response
from starlette.testclient import TestClient
from support.certificates import issue, make_ca
from support.console import HOST, browser, log_in, with_account, world_beside
from support.oidc_provider import TABLE
from support.strict_oidc_provider import StrictProvider, installed, strict_provider

from sipedge.accounts.roles import Role
from sipedge.console.frame.world import World

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]
BACK = f"http://{HOST}/log-in/oidc/back"
MINUTE = 60
SPENT = "the code of this log-in has ended, was used before, or was given for another log-in: begin again"


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed(tmp_path_factory.mktemp("provider"))


class Installed:
    """A provider, and a configuration whose console trusts it."""

    def __init__(self, provider: StrictProvider, config: Path, ca: Path) -> None:
        self.provider, self.config, self.ca = provider, config, ca


@contextmanager
def _installed(script: Path, folder: Path) -> Iterator[Installed]:
    ca = make_ca(folder)
    leaf = issue(ca, names=["localhost"])
    (folder / "oidc.secret").write_text("a secret\n")
    with strict_provider(script, leaf.certificate, leaf.key, BACK) as provider:
        table = TABLE.format(issuer=provider.issuer, ca=ca.certificate)
        config = folder / "edge.toml"
        config.write_text(f'[console]\nlisten = "127.0.0.1:0"\nnames = ["127.0.0.1"]\n{table}')
        yield Installed(provider, config, ca.certificate)


@pytest.fixture(scope="module")
def running(script: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    with _installed(script, tmp_path_factory.mktemp("strict")) as made:
        yield made


@pytest.fixture
def provider(running: Installed) -> StrictProvider:
    """As it should be."""
    running.provider.tell(clock=0, claims={})
    return running.provider


@pytest.fixture
def world(running: Installed) -> World:
    return world_beside(running.config)


@pytest.fixture
def client(world: World) -> TestClient:
    return browser(world)


class There:
    """What one browser does between a console and the provider."""

    def __init__(self, installed: Installed, client: TestClient) -> None:
        self._installed, self._client = installed, client

    def way(self) -> str:
        answer = self._client.get("/log-in/oidc")
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    def back(self, way: str, subject: str = "1001") -> str:
        """Path and query of the console with which the provider answers."""
        place = urlsplit(self._installed.provider.log_in(way, subject, self._installed.ca, BACK))
        return f"{place.path}?{place.query}"

    def entered(self, subject: str = "1001") -> Response:
        return self._client.get(self.back(self.way(), subject))


@pytest.fixture
def there(running: Installed, provider: StrictProvider, client: TestClient) -> There:
    return There(running, client)


def _said(answer: Response) -> str:
    """The one sentence."""
    found = re.findall(r'role="alert">([^<]*)</p>', answer.text)
    assert len(found) == 1 and "\n" not in found[0], answer.text
    return unescape(found[0])


def test_who_logs_in_there_has_the_role_of_his_claim(
    there: There, client: TestClient, provider: StrictProvider
) -> None:
    assert there.entered().status_code == 200
    assert f"admin, says {provider.issuer}" in client.get("/accounts").text
    answer = there.entered("1003")
    assert answer.status_code == 403
    assert "of carol stands for a role" in _said(answer)


def test_the_provider_takes_no_log_in_without_a_proof_of_who_asks(there: There, client: TestClient) -> None:
    place, _, query = there.way().partition("?")
    asked = {name: value for name, (value,) in parse_qs(query).items()}
    bare = {name: value for name, value in asked.items() if not name.startswith("code_challenge")}
    answer = client.get(there.back(f"{place}?{urlencode(bare)}"))
    assert answer.status_code == 403
    assert "says invalid_request" in _said(answer) and "PKCE" in _said(answer)


def test_a_code_that_was_given_for_another_log_in_is_not_taken(there: There, client: TestClient) -> None:
    """Its state is exchanged: so the console would take it, but the provider sees another verifier."""
    stolen = parse_qs(urlsplit(there.back(there.way())).query)["code"][0]
    own = urlsplit(there.back(there.way()))
    given = {name: value for name, (value,) in parse_qs(own.query).items()}
    answer = client.get(f"{own.path}?{urlencode(given | {'code': stolen})}")
    assert answer.status_code == 403 and SPENT in _said(answer)


def test_a_code_serves_once(there: There, client: TestClient, world: World) -> None:
    back = there.back(there.way())
    kept = dict(client.cookies)
    assert client.get(back).status_code == 200
    again = browser(world)
    again.cookies.update(kept)
    answer = again.get(back)
    assert answer.status_code == 403 and SPENT in _said(answer)


def test_another_secret_than_the_provider_has_is_the_fault_of_the_console(running: Installed, tmp_path: Path) -> None:
    (tmp_path / "oidc.secret").write_text("another secret\n")
    config = tmp_path / "edge.toml"
    config.write_text(running.config.read_text())
    client = browser(world_beside(config))
    there = There(running, client)
    answer = client.get(there.back(there.way()))
    assert answer.status_code == 403 and "or its secret wrong?" in _said(answer)


def test_a_token_of_another_log_in_is_not_taken(there: There, client: TestClient) -> None:
    """Somebody has changed what the browser asks: the token has another nonce."""
    place, _, query = there.way().partition("?")
    asked = {name: value for name, (value,) in parse_qs(query).items()}
    answer = client.get(there.back(f"{place}?{urlencode(asked | {'nonce': 'another'})}"))
    assert answer.status_code == 403
    assert _said(answer) == "you are not let in: the ID token was made for another log-in (nonce)"


@pytest.mark.parametrize(
    ("claims", "sentence"),
    [
        ({"aud": "another"}, "the ID token is for somebody else (aud)"),
        ({"aud": ["sipedge", "another"]}, "the ID token was given to somebody else (azp)"),
        ({"iss": "https://localhost:1"}, "the ID token is of another issuer (iss)"),
        ({"sub": "1002"}, "UserInfo tells of somebody else (sub)"),
    ],
)
def test_a_token_for_somebody_else_is_not_taken(
    claims: dict[str, object], sentence: str, there: There, provider: StrictProvider
) -> None:
    provider.tell(claims=claims)
    answer = there.entered()
    assert answer.status_code == 403 and _said(answer) == f"you are not let in: {sentence}"


def test_who_takes_too_long_begins_again(
    there: There, client: TestClient, provider: StrictProvider, world: World
) -> None:
    """At the provider the code has ended; here the browser has forgotten the key of the log-in."""
    back = there.back(there.way())
    provider.tell(clock=10 * MINUTE)
    answer = client.get(back)
    assert answer.status_code == 403 and SPENT in _said(answer)
    provider.tell(clock=0)
    world.door.guessing.succeeded(("testclient",))  # type: ignore[attr-defined]
    client.cookies.clear()
    answer = client.get(back)
    assert _said(answer).endswith("this log-in was begun too long ago, or in another browser: begin again")


@pytest.mark.parametrize(("ahead", "status"), [(50, 200), (-50, 200), (90, 403)])
def test_clocks_may_differ_by_a_minute(ahead: int, status: int, there: There, provider: StrictProvider) -> None:
    provider.tell(clock=ahead)
    answer = there.entered()
    assert answer.status_code == status
    assert status == 200 or _said(answer).endswith("do the clocks of provider and console agree?")


def test_a_token_that_has_ended_is_not_taken(there: There, provider: StrictProvider) -> None:
    provider.tell(claims={"exp": int(time.time()) - 2 * MINUTE})
    assert "has ended (exp); do the clocks of provider and console agree?" in _said(there.entered())


def test_new_keys_count_at_once_and_one_that_is_not_shown_never(there: There, provider: StrictProvider) -> None:
    assert there.entered().status_code == 200
    provider.tell(keys="new")
    assert there.entered().status_code == 200
    provider.tell(keys="hidden")
    answer = there.entered()
    assert answer.status_code == 403 and "the ID token is not signed as it has to be" in _said(answer)
    provider.tell(keys="new")


def test_where_the_provider_ends_meanwhile_it_is_said_and_passwords_go_on(script: Path, tmp_path: Path) -> None:
    with _installed(script, tmp_path) as made:
        world = world_beside(made.config)
        client = browser(world)
        there = There(made, client)
        back = there.back(there.way())
        made.provider.end()
        answer = client.get(back)
        assert answer.status_code == 503
        assert _said(answer).startswith("nobody can log in at the provider now: ")
        assert log_in(client, with_account(world, Role.AUDITOR)).status_code == 303
