"""Log-in at an OpenID provider that others wrote, over TLS."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Page, Route, expect
from starlette.testclient import TestClient
from support.certificates import Ca, issue, make_ca
from support.console import HOST, browser, log_in, send, with_account, world_beside
from support.console_process import barriers, chromium, console_of, sticks_out
from support.oidc_provider import TABLE, provider

from sipedge.accounts.roles import Role
from sipedge.console.app import PAGES
from sipedge.console.frame.world import World

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


class There:
    """A provider, and a configuration whose console trusts it."""

    def __init__(self, folder: Path, issuer: str, ca: Ca) -> None:
        self.issuer, self.ca, self.toml = issuer, ca, folder / "edge.toml"
        (folder / "oidc.secret").write_text("a secret\n")
        table = TABLE.format(issuer=issuer, ca=ca.certificate)
        self.toml.write_text(f'[console]\nlisten = "127.0.0.1:0"\nnames = ["{HOST.partition(":")[0]}"]\n{table}')
        self.world = world_beside(self.toml)

    def back(self, client: TestClient, subject: str, wanted: str = "/") -> str:
        """What the provider has the browser ask when ``subject`` has logged in there: path and query."""
        way = client.get("/log-in/oidc", params={"next": wanted})
        assert way.status_code == 303, way.text
        with httpx.Client(verify=_tls(self.ca), trust_env=False) as outside:
            answer = outside.post(way.headers["location"], data={"sub": subject})
        place = urlsplit(answer.headers["location"])
        assert (place.scheme, place.netloc) == ("http", HOST)
        return f"{place.path}?{place.query}"

    def audited(self) -> list[tuple[str, str, str]]:
        return [(each.who, each.what, each.about) for each in reversed(self.world.keeping.audit.newest(100))]


def _tls(ca: Ca) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca.certificate)


@contextmanager
def _installed(folder: Path) -> Iterator[There]:
    ca = make_ca(folder)
    leaf = issue(ca, names=["localhost"])
    with provider(leaf.certificate, leaf.key) as issuer:
        yield There(folder, issuer, ca)


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[There]:
    with _installed(tmp_path_factory.mktemp("oidc")) as made:
        yield made


@pytest.fixture(autouse=True)
def fresh(there: There) -> None:
    """Nobody is there, and nobody was refused."""
    there.world = world_beside(there.toml)
    for account in there.world.keeping.accounts.all():
        if account.issuer:
            there.world.keeping.accounts.remove(account.name)


def test_without_accounts_nobody_reads_where_a_provider_vouches_for_people(there: There) -> None:
    client = browser(there.world)
    assert client.get("/").headers["location"] == "/log-in?next=/"
    assert 'href="/log-in/oidc?next=/' in client.get("/log-in?next=/rules").text


def test_the_provider_lets_in_with_the_role_of_a_claim_and_log_out_ends_it(there: There) -> None:
    client = browser(there.world)
    answer = client.get(there.back(client, "1001", "/rules?file=a"))
    assert answer.status_code == 200 and 'content="0; url=/rules?file=a"' in answer.text
    cookies = answer.headers.get_list("set-cookie")
    assert [each for each in cookies if "sipedge-0=" in each and "SameSite=strict" in each and "HttpOnly" in each]
    page = client.get("/accounts").text
    assert "oidc:alice, admin" in page and f"admin, says {there.issuer}" in page
    assert "oidc:alice (this one)" in page, "its session is listed"
    shown = [each.path for each in PAGES if "GET" in each.methods and "{" not in each.path]
    quiet = [path for path in shown if path != "/live" and not path.startswith("/log-in/")]
    assert [path for path in quiet if "a secret" in client.get(path).text] == []
    out = send(client, "/log-out").headers["location"]
    assert out == "/log-in?out=1" and client.get("/").status_code == 303
    assert f'href="{there.issuer}/oauth2/end_session?client_id=sipedge' in client.get(out).text
    assert there.audited()[-2:] == [
        ("oidc:alice", "log-in", f"by {there.issuer}, admin"),
        ("oidc:alice", "log-out", ""),
    ]
    assert client.cookies.get("sipedge-0-oidc") is None


def test_who_has_no_role_there_is_not_let_in_and_loses_what_he_had(there: There) -> None:
    client = browser(there.world)
    answer = client.get(there.back(client, "1003"))
    assert answer.status_code == 403 and "of carol stands for a role" in answer.text
    assert there.audited()[-1][:2] == ("somebody", "log-in refused")
    assert client.get("/").status_code == 303 and there.world.keeping.accounts.all() == []
    accounts = there.world.keeping.accounts
    accounts.vouched(there.issuer, "1003", "carol", Role.ADMIN)
    token = there.world.keeping.tokens.add("t", Role.ADMIN, "oidc:carol", 1, 2e9)
    there.world = world_beside(there.toml)
    answer = (other := browser(there.world)).get(there.back(other, "1003"))
    assert answer.status_code == 403 and "oidc:carol is removed" in answer.text
    assert there.world.keeping.tokens.of(token, 2e9) is None


def test_a_name_is_nobodys_proof(there: There) -> None:
    """Another subject with the name of alice, and a local alice."""
    there.world.keeping.accounts.vouched(there.issuer, "1001", "alice", Role.ADMIN)
    client = browser(there.world)
    answer = client.get(there.back(client, "1004"))
    assert answer.status_code == 403 and "somebody else of the provider" in answer.text
    name = with_account(there.world, Role.AUDITOR)
    there.world = world_beside(there.toml)
    local = browser(there.world)
    assert log_in(local, name).status_code == 303 and local.get("/rules").status_code == 200, "local accounts go on"
    assert log_in(browser(there.world), "oidc:alice", "").status_code in (403, 429)


def test_a_code_serves_once_and_only_the_browser_that_asked(there: There) -> None:
    client, thief = browser(there.world), browser(there.world)
    back = there.back(client, "1002")
    assert thief.get(back).status_code == 403, "another browser has no key"
    _forgiven(there.world)
    assert client.get(f"{back}x").status_code in (403, 503)
    _forgiven(there.world)
    way = client.get("/log-in/oidc")
    assert way.status_code == 303
    assert client.get(back).status_code == 403, "the answer to an earlier try"
    _forgiven(there.world)
    back = there.back(client, "1002")
    kept = dict(client.cookies)
    assert client.get(back).status_code == 200
    again = browser(there.world)
    again.cookies.update(kept)
    answer = again.get(back)
    assert answer.status_code == 403 and "invalid_grant" in answer.text
    assert again.get(back).status_code == 429, "and who tries on, waits"


def _forgiven(world: World) -> None:
    world.door.guessing.succeeded(("testclient",))  # type: ignore[attr-defined]


def test_a_provider_that_is_down_is_one_sentence_and_passwords_go_on(tmp_path: Path) -> None:
    with _installed(tmp_path) as there:
        pass
    client = browser(there.world)
    answer = client.get("/log-in/oidc")
    assert answer.status_code == 503 and "nobody can log in at the provider now" in answer.text
    assert log_in(client, with_account(there.world, Role.AUDITOR)).status_code == 303


def test_a_provider_whom_no_ca_of_the_console_vouches_for_is_not_asked(there: There, tmp_path: Path) -> None:
    config = tmp_path / "edge.toml"
    (tmp_path / "oidc.secret").write_text("a secret\n")
    stranger = make_ca(tmp_path / "ca").certificate
    config.write_text(TABLE.format(issuer=there.issuer, ca=stranger))
    answer = browser(world_beside(config)).get("/log-in/oidc")
    assert answer.status_code == 503 and "certificate verify failed" in answer.text


def test_in_a_browser_one_comes_from_a_page_by_the_provider_to_that_page(tmp_path: Path) -> None:
    """The console is at 127.0.0.1, the provider at localhost: two sites, as cookies see them."""
    with _installed(tmp_path) as there, chromium() as running, console_of(there.toml) as address:
        context = running.new_context(ignore_https_errors=True)
        here = (address, there.issuer)
        context.route("**", lambda route: route.continue_() if route.request.url.startswith(here) else route.abort())
        page = context.new_page()
        page.goto(f"{address}/accounts")
        for _ in range(3):  # from the field of the account, by keyboard alone
            page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Log in at localhost")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(f"^{there.issuer}/oauth2/authorize"))
        page.get_by_role("button", name="1001").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Accounts", timeout=10_000)
        expect(page).to_have_url(f"{address}/accounts")
        expect(page.get_by_text("oidc:alice, admin")).to_be_visible()
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_role("link", name="Log out at localhost, too")).to_be_visible()
        context.close()


def test_the_pages_that_one_comes_back_to_have_no_barrier(tmp_path: Path) -> None:
    """Let in, logged out and refused."""
    with _installed(tmp_path) as there, chromium() as running, console_of(there.toml) as address:
        context = running.new_context(ignore_https_errors=True, bypass_csp=True)
        page = context.new_page()
        page.route(f"{address}/alarms", _nowhere)
        _come_back(page, f"{address}/log-in/oidc?next=/alarms", "1001")
        expect(page.get_by_role("link", name="Go on")).to_be_visible()
        _examined(page, "Logged in")
        page.unroute(f"{address}/alarms")
        page.get_by_role("link", name="Go on").click()
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_role("link", name="Log out at localhost, too")).to_be_visible()
        _examined(page, "Log in")
        context.clear_cookies()
        _come_back(page, f"{address}/log-in/oidc", "1003")
        expect(page.get_by_role("alert")).to_contain_text("you are not let in")
        _examined(page, "Log in")
        context.close()


def test_the_page_that_says_that_the_provider_is_down_has_no_barrier(tmp_path: Path) -> None:
    with _installed(tmp_path) as there:
        pass
    with chromium() as running, console_of(there.toml) as address:
        page = running.new_context(bypass_csp=True).new_page()
        page.goto(f"{address}/log-in/oidc")
        expect(page.get_by_role("alert")).to_contain_text("nobody can log in at the provider now")
        _examined(page, "Log in")


def _come_back(page: Page, way: str, subject: str) -> None:
    page.goto(way)
    page.get_by_role("button", name=subject).click(no_wait_after=True)


def _nowhere(route: Route) -> None:
    """No content: the page that leads there stays."""
    route.fulfill(status=204)


def _examined(page: Page, heading: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    assert barriers(page) == "" and not sticks_out(page)
