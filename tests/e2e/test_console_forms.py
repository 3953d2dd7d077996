"""A rule made by its form in a browser: tried as one types, seen as text, reviewed and applied."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect
from support.console import PASSWORD, with_account, world_beside
from support.console_process import chromium, console_of, looking
from support.tcp_edge import Installation

from sipedge.accounts.roles import Role

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


def test_a_rule_is_made_by_its_form_seen_as_text_reviewed_and_applied(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    config = installation.toml
    config.write_text(config.read_text() + '[console]\nlisten = "127.0.0.1:0"\n')
    with_account(world_beside(config), Role.ADMIN)
    with installation.edge, console_of(config) as address, chromium() as browser, looking(browser, address) as page:
        page.goto(f"{address}/rules")
        page.get_by_label("Account").fill("admin")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.get_by_label("About").fill("a rule by form")
        page.get_by_role("button", name="Begin a draft").click()
        page.get_by_role("link", name="As forms").click()
        page.get_by_role("link", name="A new search rule").click()
        page.get_by_label("Name").fill('to "near"')
        page.get_by_label("Priority").fill("5")
        expect(page.get_by_label("Pattern string")).to_be_hidden()
        page.get_by_label("Mode").select_option("alias pattern match")
        page.get_by_label("Pattern type").select_option("regex")
        page.get_by_label("Pattern behavior").select_option("leave")
        said = page.locator("#said")
        page.get_by_label("Pattern string").fill("x(")
        expect(said).to_contain_text("Pattern string", timeout=10_000)
        page.get_by_label("Pattern string").fill(r"x.*@far\.example")
        page.get_by_label("Target zone").select_option("near")
        page.get_by_label("Try it on an alias").fill("xy@far.example")
        expect(said).to_contain_text("matched")
        page.get_by_label("Try it on an alias").fill("y@far.example")
        expect(said).to_contain_text("no match")
        expect(said.locator(".diff")).to_contain_text('search rule "to ""near"""')
        page.keyboard.press("Enter")
        expect(page.locator("tbody th").first).to_have_text('to "near"')
        page.get_by_role("link", name="As text").click()
        expect(page.locator(".cm-content")).to_contain_text('search rule "to ""near"""')
        page.get_by_role("button", name="Save and review").click()
        expect(page.locator("#proof")).to_be_visible(timeout=20_000)
        page.get_by_role("button", name="Apply, on trial").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Revisions", timeout=20_000)
        assert 'search rule "to ""near""" {\n    priority 5\n' in config.with_name("edge.dialplan").read_text()
