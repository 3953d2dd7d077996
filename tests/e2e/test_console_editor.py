"""The editor of drafts and the pages behind it, in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import time

import pytest
from playwright.sync_api import Browser, Page, expect
from support.configuration import EDGE, write
from support.console import PASSWORD, with_account, world_beside
from support.console_process import chromium, console_of, looking
from support.drafting import RULE, ZONES

from sipedge.accounts.roles import Role

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]
CONFIG = EDGE + 'dialplans = ["edge.dialplan"]\n' + ZONES + '[console]\nlisten = "127.0.0.1:0"\n'


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


@pytest.fixture
def page(tmp_path: Path, browser: Browser) -> Iterator[Page]:
    """A draft, opened by an admin."""
    config = write(tmp_path, CONFIG)
    write(tmp_path, RULE, "edge.dialplan")
    with_account(world_beside(config), Role.ADMIN)
    with console_of(config) as address, looking(browser, address) as shown:
        shown.goto(f"{address}/rules")
        shown.get_by_label("Account").fill("admin")
        shown.get_by_label("Password").fill(PASSWORD)
        shown.get_by_role("button", name="Log in").click()
        shown.get_by_label("About").fill("a change")
        shown.get_by_role("button", name="Begin a draft").click()
        yield shown


def test_mistakes_are_marked_as_one_types_and_zones_are_offered(page: Page) -> None:
    editor = page.get_by_role("textbox", name="edge.dialplan")
    expect(page.locator("#found")).to_contain_text("sent-back")
    expect(page.locator(".cm-lintRange-info")).to_be_visible(timeout=10_000)
    line = page.locator(".cm-line", has_text="target")
    line.click()
    page.keyboard.press("End")
    for _ in '"far"':
        page.keyboard.press("Backspace")
    page.keyboard.type('"')
    offered = page.locator(".cm-tooltip-autocomplete")
    expect(offered).to_contain_text('zone "other"')
    page.keyboard.press("Escape")
    page.keyboard.type("fra")
    expect(page.locator("#found")).to_contain_text('did you mean "far"?', timeout=10_000)
    expect(page.locator(".cm-lintRange-error")).to_be_visible()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.insert_text(RULE)
    expect(page.locator("#found")).not_to_contain_text("did you mean", timeout=10_000)
    page.locator(".cm-line", has_text="pattern ").last.hover(position={"x": 120, "y": 8})
    expect(page.locator(".cm-tooltip .help")).to_contain_text("matches", timeout=10_000)
    editor.focus()
    page.keyboard.press("Control+s")
    expect(page.locator('input[name="version"]').first).to_have_value("2")


def test_what_was_sent_without_a_session_is_still_there_after_the_log_in(page: Page, tmp_path: Path) -> None:
    world = world_beside(tmp_path / "edge.toml")
    editor, unsaved = page.get_by_role("textbox", name="edge.dialplan"), page.locator("#unsaved")
    expect(page.locator(".cm-editor")).to_be_visible()
    expect(unsaved).to_be_hidden()
    editor.focus()
    page.keyboard.type("# mine\n")
    (session,) = world.keeping.sessions.all(time())
    world.keeping.sessions.end(session.number)
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_label("Account").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Draft 1")
    expect(editor).not_to_contain_text("# mine")
    page.get_by_role("button", name="Put it into the editor").click()
    expect(editor).to_contain_text("# mine")
    expect(unsaved).to_be_hidden()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator('input[name="version"]').first).to_have_value("2")
    expect(editor).to_contain_text("# mine")
    expect(unsaved).to_be_hidden()
