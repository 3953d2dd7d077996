"""An auditor who is not to know names, in a browser: he follows somebody whose name he never sees."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from support.console import PASSWORD, with_account
from support.console_process import barriers, chromium, console_of, looking, sticks_out
from support.masked import NAMES, Masked

from sipedge.accounts.roles import Role

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A console with a draft, and decisions about people."""
    masked = Masked(tmp_path, listen="127.0.0.1:0")
    masked.drafted()
    with_account(masked.world, Role.AUDITOR)
    masked.close()
    with console_of(masked.toml) as served:
        yield served


def _log_in(page: Page, address: str) -> None:
    page.goto(f"{address}/log-in")
    page.get_by_label("Account").fill("auditor")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")


def _names_in(page: Page) -> list[str]:
    text = page.content().lower()
    return [name for name in NAMES if name in text]


def test_he_follows_one_person_and_finds_no_name(address: str) -> None:
    with chromium() as browser:
        with looking(browser, address) as page:
            _log_in(page, address)
            page.goto(f"{address}/history")
            rows = page.locator("#found tbody tr")
            expect(rows).to_have_count(6)
            rows.last.get_by_role("link").click()
            page.get_by_role("link", name="Of this alias").click()
            expect(rows).to_have_count(2)
            assert _names_in(page) == []
            page.get_by_label("Alias or From").fill("zaphod")
            page.keyboard.press("Enter")
            expect(rows).to_have_count(0)
            page.get_by_label("Alias or From").fill("zaphod.beeblebrox@example.com")
            page.keyboard.press("Enter")
            expect(page.get_by_role("alert")).to_contain_text("you see no names")
            for path in ("/history", "/drafts/1/review"):
                page.goto(address + path)
                assert not sticks_out(page)
        context = browser.new_context(bypass_csp=True)
        page = context.new_page()
        _log_in(page, address)
        page.goto(f"{address}/history")
        entry = page.locator("#found tbody a").last.get_attribute("href")
        for path in ("/history", str(entry), "/drafts/1/review", "/shadow", "/logs/edge"):
            page.goto(address + path)
            assert (path, _names_in(page), barriers(page)) == (path, [], "")
        context.close()
