"""A case changed in a draft, seen to fail, mended, applied and kept as a revision, in a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from support.asked import status
from support.console import PASSWORD, with_account, world_beside
from support.console_process import chromium, console_of, looking
from support.tcp_edge import Installation

from sipedge.accounts.roles import Role

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]
CONSOLE = '[console]\nlisten = "127.0.0.1:0"\n'
CASES = """\
plan "edge.toml"

case "bob is far" {
    alias "bob@far.example"
    from zone "near"
    method MESSAGE
    expect zone "far"
}
"""
WRONG = CASES.replace('expect zone "far"', "expect no match")


def _written(page: Page, text: str) -> None:
    page.get_by_role("textbox", name="edge.cases").focus()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.insert_text(text)


def test_a_case_is_changed_fails_is_mended_and_applied(tmp_path: Path) -> None:
    there = Installation(tmp_path)
    there.toml.write_text(there.toml.read_text() + CONSOLE)
    (there.folder / "edge.cases").write_text(CASES)
    with_account(world_beside(there.toml), Role.ADMIN)
    with there.edge, console_of(there.toml) as address, chromium() as browser, looking(browser, address) as page:
        page.goto(f"{address}/rules")
        page.get_by_label("Account").fill("admin")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.get_by_role("link", name="1 of edge.cases for out").click()
        expect(page.get_by_role("group", name="edge.cases")).to_contain_text("bob is far")
        page.get_by_label("About").fill("one more case")
        page.get_by_role("button", name="Begin a draft").click()
        page.get_by_role("link", name="edge.cases").click()
        _written(page, WRONG)
        expect(page.locator("#found")).to_contain_text('"bob is far" fails', timeout=20_000)
        expect(page.locator(".cm-lintRange-warning")).to_be_visible()
        page.get_by_role("button", name="Save and review").click()
        page.get_by_role("link", name="edge.cases, line 3").click()
        expect(page.locator(".cm-activeLine")).to_contain_text('case "bob is far"')
        expect(page.locator(".cm-lintRange-warning")).to_be_visible(timeout=20_000)
        page.locator(".cm-activeLine").hover(position={"x": 60, "y": 8})
        expect(page.locator(".cm-tooltip .help")).to_contain_text('zone "far"', timeout=20_000)
        _written(page, CASES + "# one more\n")
        expect(page.locator("#found")).not_to_contain_text("fails", timeout=20_000)
        page.get_by_role("button", name="Save and review").click()
        expect(page.locator("main")).to_contain_text("nothing is on trial")
        before = status(there.folder)
        page.get_by_role("button", name="Apply").click()
        expect(page.locator("tbody tr").first).to_contain_text("confirmed")
        expect(page.locator("tbody tr").first).to_contain_text("case files only")
        expect(page.locator("tbody .state", has_text="in force")).to_have_count(1)
        page.get_by_role("link", name="2", exact=True).click()
        expect(page.get_by_role("group", name="Difference of edge.cases")).to_contain_text("# one more")
        assert status(there.folder)["since"] == before["since"]
    assert (there.folder / "edge.cases").read_text() == CASES + "# one more\n"
