"""``python -m tools.pictures``: every picture of the documents, in one size and the light theme."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from .lab import NAME, PASSWORD, lab

CHROMIUM = "/usr/bin/chromium"
"""Debian's: the browsers of playwright are another download."""
SIZE = 1100, 720
FOLDER = Path("docs/images")
SOON = 20_000.0
"""Milliseconds that a page may take."""
MISTAKE = """
search rule "north" {
    priority 50
    mode alias pattern match
    pattern type suffix
    pattern "@north.example"
    behavior leave
    on successful match stop
    target zone "Insde"
}
"""


def overview(page: Page) -> None:
    page.goto("/")
    expect(page.locator("#rules table, #overview table").last).to_be_visible()


def entry(page: Page) -> None:
    page.goto("/history?method=NOTIFY")
    page.locator("#found a[href^='/history/']").first.click()


def draft(page: Page) -> None:
    """The editor, with a zone that is not there."""
    page.goto("/rules")
    page.get_by_label("About").fill("Partners of the north")
    page.get_by_role("button", name="Begin a draft").click()
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.insert_text(MISTAKE)
    expect(page.locator(".cm-lintRange-error")).to_be_visible()


def form(page: Page) -> None:
    """A new rule, its pattern tried on an alias."""
    page.goto("/rules")
    page.get_by_label("About").fill("Partners of the north")
    page.get_by_role("button", name="Begin a draft").click()
    page.get_by_role("link", name="As forms").click()
    page.get_by_role("link", name="A new search rule").click()
    page.get_by_label("Name").fill("north")
    page.get_by_label("Priority").fill("50")
    page.get_by_label("Mode").select_option("alias pattern match")
    page.get_by_label("Pattern type").select_option("suffix")
    page.get_by_label("Pattern string").fill("@north.example")
    page.get_by_label("Pattern behavior").select_option("leave")
    page.get_by_label("Target zone").select_option(index=1)
    page.get_by_label("Try it on an alias").fill("bob@north.example")
    expect(page.locator("#said .diff")).to_be_visible()
    expect(page.locator("#said")).to_contain_text("matched")


PICTURES: Mapping[str, Callable[[Page], None]] = {
    "console-overview": overview,
    "console-entry": entry,
    "console-rules": draft,
    "console-form": form,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.pictures", description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    folder = parser.parse_args().folder
    width, height = SIZE
    with lab() as place, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(
            base_url=place.address, color_scheme="light", viewport={"width": width, "height": height}
        )
        context.set_default_timeout(SOON)
        expect.set_options(timeout=SOON)
        page = context.new_page()
        page.goto("/log-in")
        page.get_by_label("Account").fill(NAME)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
        for name, shown in PICTURES.items():
            page = context.new_page()
            shown(page)
            page.screenshot(path=folder / f"{name}.png", animations="disabled", caret="hide")
            print(folder / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main()
