"""Log-in: accounts, sessions, forms, guessing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from time import time

import pytest
from support.console import PASSWORD, browser, form_token, log_in, send, with_account, world_beside

from sipedge.accounts import sessions
from sipedge.accounts.roles import Role
from sipedge.config.console_table import read_console
from sipedge.console.frame.door import BY_ITSELF, LIVE
from sipedge.console.frame.world import World, world_for
from sipedge.rates import pauses


@pytest.fixture
def world(tmp_path: Path) -> World:
    config = tmp_path / "edge.toml"
    config.write_text("")
    return world_beside(config)


def _audit(world: World) -> list[tuple[str, str, str]]:
    """Oldest first."""
    return [(entry.who, entry.what, entry.about) for entry in reversed(world.keeping.audit.newest(100))]


def test_without_accounts_a_user_of_this_machine_may_read_and_is_told_how_to_make_one(world: World) -> None:
    client = browser(world)
    answer = client.get("/")
    assert answer.status_code == 200 and "sipedge account add" in answer.text and "local, auditor" in answer.text
    with_account(world, Role.ADMIN)
    assert client.get("/").status_code == 303, "the first account closes the console"


def test_without_accounts_nobody_may_read_from_elsewhere(tmp_path: Path) -> None:
    config = tmp_path / "edge.toml"
    config.write_text("")
    read = read_console(str(config))
    world = world_for(replace(read, console=replace(read.console, listen="192.0.2.1:8443")))
    answer = browser(world).get("/", headers={"Host": "192.0.2.1"})
    assert answer.status_code == 303 and answer.headers["location"].startswith("/log-in")


def test_a_password_opens_a_session_that_log_out_ends(world: World) -> None:
    name = with_account(world, Role.OPERATOR)
    client = browser(world)
    wanted = client.get("/static/../?x=1").headers["location"]
    assert wanted == "/log-in?next=/%3Fx%3D1"
    assert "Log in" in client.get(wanted).text
    answer = log_in(client, name, wanted="/?x=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/?x=1")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie
    assert ">operator</a>, operator" in client.get("/").text
    key = client.cookies["sipedge-8443"]
    assert send(client, "/log-out").headers["location"] == "/log-in"
    client.cookies.set("sipedge-8443", key)
    assert client.get("/").status_code == 303, "a replayed session opens nothing"
    assert [what for _, what, _ in _audit(world)] == ["log-in", "log-out"]


@pytest.mark.parametrize("wanted", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:x", ""])
def test_a_log_in_leads_nowhere_else(world: World, wanted: str) -> None:
    name = with_account(world, Role.AUDITOR)
    assert log_in(browser(world), name, wanted=wanted).headers["location"] == "/"


def test_twenty_wrong_passwords_are_refused_and_audited(world: World) -> None:
    name = with_account(world, Role.ADMIN)
    client = browser(world)
    answers = [log_in(client, name, f"wrong password {number}").status_code for number in range(20)]
    assert answers[0] == 403 and set(answers[1:]) <= {403, 429} and answers.count(429) >= 15
    entries = _audit(world)
    assert len(entries) == 20 and {entry[:2] for entry in entries} == {(name, "log-in refused")}
    answer = log_in(client, name)
    assert answer.status_code == 429 and "try again in" in answer.text, "the right one waits, too"
    assert world.keeping.audit.broken_at() == 0


def test_other_accounts_wait_for_who_guesses_from_the_same_address(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pauses, "FIRST", 60.0)  # the machine may be slow
    client, name = browser(world), with_account(world, Role.ADMIN)
    assert log_in(client, "nobody").status_code == 403
    assert log_in(client, name).status_code == 429


def test_a_form_without_the_token_of_its_session_is_refused(world: World) -> None:
    name = with_account(world, Role.ADMIN)
    client, other = browser(world), browser(world)
    log_in(client, name)
    log_in(other, name)
    foreign = form_token(other.get("/"))
    for data in ({}, {"form_token": ""}, {"form_token": foreign}):
        assert client.post("/log-out", data=data).status_code == 403
    own = form_token(client.get("/"))
    assert client.post("/log-out", headers={"X-Form-Token": own, "Content-Length": "0"}).status_code == 303


@pytest.mark.parametrize("length", ["9000000", "x", "-1", ""])
def test_a_form_is_of_bounded_length(world: World, length: str) -> None:
    assert browser(world).post("/log-in", headers={"Content-Length": length}).status_code == 413


def test_a_token_lets_a_program_in_until_it_ends(world: World) -> None:
    name = with_account(world, Role.OPERATOR)
    token = world.keeping.tokens.add("monitoring", Role.AUDITOR, name, 1, 0.0)
    client = browser(world)
    answer = client.get("/", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401 and answer.headers["www-authenticate"] == "Bearer", "its end has come"
    token = world.keeping.tokens.add("monitoring", Role.AUDITOR, name, 1, time())
    answer = client.get("/", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200 and "operator (token monitoring), auditor" in answer.text
    assert client.get("/", headers={"Authorization": f"Basic {PASSWORD}"}).status_code == 401


def test_no_session_lasts_by_what_an_open_page_asks_for_its_menu(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    client = browser(world)
    log_in(client, with_account(world, Role.AUDITOR))
    (began,) = (each.seen for each in world.keeping.sessions.all(time()))
    monkeypatch.setattr(sessions, "TOUCHED", -1.0)
    for path in BY_ITSELF:
        if path == LIVE:  # it has no end
            continue
        assert client.get(path).status_code == 200
    assert [each.seen for each in world.keeping.sessions.all(time())] == [began]
    assert client.get("/alarms").status_code == 200
    assert [each.seen > began for each in world.keeping.sessions.all(time())] == [True]
