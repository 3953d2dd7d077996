"""From an empty machine to a changed rule, reviewed, applied, confirmed and seen in the history, in a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from support.asked import command
from support.console import PASSWORD
from support.console_process import chromium, console_of, looking
from support.running_edge import Edge, rule
from support.tcp_edge import Installation

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

CONSOLE = '[log]\ndecisions = "decisions.jsonl"\n[console]\nlisten = "127.0.0.1:0"\n'
RULE = rule("far", r".*@far\.example", "far", priority=10)
MORE = rule("new", r".*@new\.example", "far", priority=20)
PAGES = ("/revisions", "/revisions/compare?new=2", "/accounts")
"""Beside a trial; test_console_pages.py looks at all pages."""


class Newcomer(Installation):
    """A configuration as the documentation has one, and no account."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.edge = Edge(folder / "edge", self.config() + CONSOLE, RULE)
        self.password = folder / "password"
        self.password.write_text(PASSWORD)

    def ask(self, number: int, alias: str) -> None:
        user, domain = alias.split("@")
        with self.call() as stream:
            stream.send(self.message(number, user, domain))
            stream.read_message()


def _log_in(page: Page) -> None:
    page.get_by_role("link", name="Log in").click()
    page.get_by_label("Account").fill("alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("button", name="Log out")).to_be_visible()


def _type_rule(page: Page) -> None:
    editor = page.locator(".cm-content")
    editor.focus()
    page.keyboard.press("Control+End")
    page.keyboard.insert_text(MORE)
    expect(editor).to_contain_text("@new")


def _accessible(page: Page) -> None:
    results = Axe().run(page)
    assert not results.response["violations"], results.generate_report()


def test_a_newcomer_changes_a_rule_and_sees_what_it_did(tmp_path: Path) -> None:
    there = Newcomer(tmp_path)
    with there.edge, chromium() as browser, console_of(there.toml) as address:
        there.ask(1, "bob@new.example")
        with looking(browser, address) as page:
            page.goto(f"{address}/rules")
            expect(page.get_by_text("There are no accounts")).to_contain_text("sipedge account add")
            expect(page.get_by_role("button", name="Begin a draft")).to_have_count(0)
            code, _, said = command(
                "account", "add", there.toml, "alice", "--role", "admin", "--password-file", there.password
            )
            assert code == 0, said
            _log_in(page)
            page.get_by_role("link", name="Rules").click()
            page.get_by_label("About").fill("route new.example")
            page.get_by_role("button", name="Begin a draft").click()
            _type_rule(page)
            page.get_by_role("button", name="Save and review").click()
            expect(page.get_by_text("1 kind of requests another way")).to_be_visible(timeout=20_000)
            expect(page.get_by_text("1 of 1 requests")).to_be_visible()
            page.get_by_role("button", name="Apply, on trial").click()
            expect(page.get_by_role("status")).to_contain_text("is on trial: back to")
            expect(page.get_by_role("status")).to_contain_text("in 4 min", timeout=10_000)
            page.get_by_role("button", name="Confirm").click()
            expect(page.get_by_role("status")).to_have_count(0)
            expect(page.locator("tbody tr").first).to_contain_text("route new.example")
            there.ask(2, "bob@new.example")
            page.goto(f"{address}/history?alias=bob@new.example&rule=new")
            expect(page.locator("#found tbody tr")).to_have_count(1, timeout=10_000)
            page.locator("#found tbody a").first.click()
            expect(page.locator("main")).to_contain_text("new: matched")


def test_editor_review_and_trial_are_accessible_and_narrow(tmp_path: Path) -> None:
    there = Newcomer(tmp_path)
    command("account", "add", there.toml, "alice", "--role", "admin", "--password-file", there.password)
    with there.edge, chromium() as browser, console_of(there.toml) as address:
        context = browser.new_context(viewport={"width": 320, "height": 800}, bypass_csp=True)
        page = context.new_page()
        page.goto(f"{address}/log-in")
        page.get_by_label("Account").fill("alice")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.goto(f"{address}/rules")
        page.get_by_role("button", name="Begin a draft").click()
        _type_rule(page)
        _accessible(page)
        page.get_by_role("button", name="Save and review").click()
        expect(page.get_by_text("1 kind of requests another way")).to_be_visible(timeout=20_000)
        _accessible(page)
        page.get_by_role("button", name="Apply, on trial").click()
        expect(page.get_by_role("status")).to_contain_text("is on trial")
        for path in PAGES:
            page.goto(address + path)
            _accessible(page)
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= 320, (path, width)
        context.close()
