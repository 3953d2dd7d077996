"""Accounts, sessions and tokens as a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.console import PASSWORD, browser, log_in, send
from support.drafting import Drafting

from sipedge.accounts.roles import Role


@pytest.fixture
def drafting(tmp_path: Path) -> Iterator[Drafting]:
    made = Drafting(tmp_path)
    yield made
    made.close()


def test_an_admin_sees_to_accounts_and_all_of_it_is_audited(drafting: Drafting) -> None:
    admin = drafting.of(Role.ADMIN)
    fields = {"name": "<i>bob", "role": "operator", "password": PASSWORD}
    assert send(admin, "/accounts/add", "/accounts", **fields).status_code == 422
    assert send(admin, "/accounts/add", "/accounts", **{**fields, "name": "bob", "role": "root"}).status_code == 400
    assert send(admin, "/accounts/add", "/accounts", **{**fields, "name": "bob"}).status_code == 303
    assert send(admin, "/accounts/role", "/accounts", name="bob", role="auditor").status_code == 303
    bob = browser(drafting.world)
    log_in(bob, "bob")
    page = admin.get("/accounts").text
    assert "testclient" in page and page.count('action="/sessions/end"') == 2
    number = re.search(r'value="(\d+)"><button aria-label="end session \d+ of bob"', page)
    assert number and send(admin, "/sessions/end", "/accounts", number=number[1]).status_code == 303
    assert bob.get("/").status_code == 303, "ended"
    assert send(admin, "/accounts/password", "/accounts", name="bob", password=PASSWORD + "!").status_code == 303
    assert send(admin, "/accounts/remove", "/accounts", name="bob").status_code == 303
    assert send(admin, "/accounts/remove", "/accounts", name="admin").status_code == 422, "the last admin"
    said = [entry.what for entry in reversed(drafting.world.keeping.audit.newest(50))]
    assert said[-6:-1] == ["role given", "log-in", "session ended", "password changed", "account removed"]
    kept = (drafting.folder / "edge.console" / "audit.jsonl").read_text()
    assert PASSWORD not in kept + page


def test_a_token_is_shown_once_and_ended(drafting: Drafting) -> None:
    admin = drafting.of(Role.ADMIN)
    made = send(admin, "/tokens/add", "/accounts", name="monitoring", role="auditor", days="30").text
    found = re.search(r"sipedge_[A-Za-z0-9_-]{43}", made)
    assert found and found[0] not in admin.get("/accounts").text
    program = browser(drafting.world)
    headers = {"Authorization": f"Bearer {found[0]}"}
    assert program.get("/rules", headers=headers).status_code == 200
    assert program.get("/accounts", headers=headers).status_code == 403
    assert program.post("/drafts", data={"title": "x"}, headers=headers).status_code == 403
    assert send(admin, "/tokens/end", "/accounts", number="1").status_code == 303
    assert send(admin, "/tokens/end", "/accounts", number="1").status_code == 404
    assert program.get("/rules", headers=headers).status_code == 401
    assert send(admin, "/tokens/add", "/accounts", name="x", role="auditor", days="400").status_code == 422


def test_everybody_changes_the_own_password_by_the_old_one(drafting: Drafting) -> None:
    bob = drafting.of(Role.AUDITOR)
    fields = {"old": "another", "password": "another password"}
    assert send(bob, "/password", "/password", **fields).status_code == 403
    assert "too many wrong passwords" in send(bob, "/password", "/password", **fields).text
    drafting.world.door.guessing.succeeded(("testclient", "auditor"))  # type: ignore[attr-defined]
    assert send(bob, "/password", "/password", **{**fields, "old": PASSWORD}).headers["location"] == "/log-in"
    assert bob.get("/").status_code == 303
    assert log_in(bob, "auditor", "another password").status_code == 303
