"""Who may what: every route, every role, in one table."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient
from support.console import browser, form_token
from support.drafting import Drafting

from sipedge.accounts.roles import Role
from sipedge.console.app import PAGES
from sipedge.console.frame.page import Page

PUBLIC = {"GET /log-in", "POST /log-in", "GET /static/{name}", "GET /log-in/oidc", "GET /log-in/oidc/back"}
OPERATOR = {
    *(
        f"POST /drafts/{{number:short}}/{each}"
        for each in ("save", "add", "take-out", "drop", "rebase", "ask", "shadow")
    ),
    *(f"{each}/drafts/{{number:short}}/form" for each in ("GET ", "POST ")),
    *("POST /drafts/{number:short}/forms", "POST /drafts", "POST /shadow/end", "POST /api/review"),
    "POST /history/{key}/case",
    *("GET /backup", "POST /backup/save", "POST /backup/restore"),
    *("POST /zones/probe", "POST /doctor", "POST /alarms/{number:short}/see"),
}
ADMIN = {
    *("POST /drafts/{number:short}/apply", "POST /revisions/confirm", "POST /revisions/undo", "GET /accounts"),
    *(f"POST /accounts/{each}" for each in ("add", "role", "password", "remove")),
    *(f"POST /api/revisions/{each}" for each in ("apply", "confirm", "undo", "roll-back")),
    "POST /zones/close",
    *("POST /sessions/end", "POST /tokens/add", "POST /tokens/end"),
}
OWN = {"POST /log-out", "POST /password", "POST /locate", "POST /api/control"}
"""What is sent, and everybody may who has logged in: about himself, a message that is only looked
at, a question whose own role is tested in test_routes.py."""
ENDLESS = {"/live"}


def _routes() -> list[tuple[Page, str]]:
    return [(page, method) for page in PAGES for method in page.methods]


ROUTES = {f"{method} {page.path}": (page, method) for page, method in _routes()}


@pytest.fixture(scope="module")
def drafting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drafting]:
    made = Drafting(tmp_path_factory.mktemp("roles"))
    made.begun()
    for role in Role:
        made.of(role)  # before anybody tries a wrong password
    yield made
    made.close()


def _least(name: str) -> Role | None:
    if name in PUBLIC:
        return None
    return Role.ADMIN if name in ADMIN else Role.OPERATOR if name in OPERATOR else Role.AUDITOR


def test_the_table_names_only_routes_that_there_are() -> None:
    assert not (PUBLIC | OPERATOR | ADMIN | OWN) - ROUTES.keys()


@pytest.mark.parametrize("name", ROUTES)
def test_whoever_may_less_than_a_route_needs_is_refused(name: str, drafting: Drafting) -> None:
    page, method = ROUTES[name]
    least = _least(name)
    assert page.role == least
    assert method == "GET" or least is not Role.AUDITOR or name in OWN, "an auditor changes nothing"
    nobody = _asked(browser(drafting.world), page, method)
    assert (nobody in (303, 401)) == (least is not None)
    for role in Role:
        if least is not None and role < least:
            client = drafting.of(role)
            assert _asked(client, page, method, form_token(client.get("/"))) == 403, role


@pytest.mark.parametrize("name", sorted(each for each in ROUTES if each.startswith("POST")))
def test_no_form_of_another_site_and_none_without_its_token_is_taken(name: str, drafting: Drafting) -> None:
    page, method = ROUTES[name]
    client = drafting.of(Role.ADMIN)
    path = _path(page)
    assert client.post(path, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client.post(path, headers={"Host": "evil.example"}).status_code == 421
    if page.role is not None:
        assert client.post(path, data={"form_token": "x"}).status_code == 403


@pytest.mark.parametrize("name", sorted(each for each in ROUTES if each.startswith("GET")))
def test_who_may_see_a_page_sees_it(name: str, drafting: Drafting) -> None:
    page, method = ROUTES[name]
    if page.path not in ENDLESS:
        assert _asked(drafting.of(Role.ADMIN), page, method) in (200, 400, 404, 503)


def _asked(client: TestClient, page: Page, method: str, token: str = "") -> int:
    if page.path in ENDLESS:
        with client.stream(method, "/nothing") as answer:
            return 303 if not token else answer.status_code
    return client.request(method, _path(page), headers={"X-Form-Token": token} if token else {}).status_code


def _path(page: Page) -> str:
    """As somebody might ask; what is in the path need not be there."""
    found = page.path
    for name, value in (("{number:short}", "1"), ("{name}", "console.css"), ("{key}", "1-1")):
        found = found.replace(name, value)
    return found


@pytest.mark.parametrize("name", sorted(each for each in ROUTES if each.startswith("GET")))
def test_no_page_shows_a_secret_a_key_or_a_password(name: str, drafting: Drafting) -> None:
    page, method = ROUTES[name]
    if page.path in ENDLESS or page.path.startswith("/static"):
        return
    client = drafting.of(Role.ADMIN)
    text = client.request(method, _path(page)).text
    assert [each for each in (*drafting.secrets(), client.cookies["sipedge-8443"]) if each in text] == []
