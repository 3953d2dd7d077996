"""``sipedge console`` as a child process, and Debian's Chromium in front of it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright
from support.running_edge import COMMAND
from support.third_party import require

ENDS_WITHIN = 10.0


@contextmanager
def console_of(config: Path) -> Iterator[str]:
    """Its address, without a slash at its end. ``config`` listens on port 0."""
    with console_process(config) as (address, _):
        yield address


@contextmanager
def console_process(config: Path) -> Iterator[tuple[str, int]]:
    """(the same, the number of its process)."""
    process = subprocess.Popen(
        [COMMAND, "console", config],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout
    try:
        said = process.stdout.readline()
        assert "http" in said, said + process.stdout.read()
        yield said.split()[-1].rstrip("/"), process.pid
    finally:
        process.terminate()
        process.communicate(timeout=ENDS_WITHIN)


@contextmanager
def chromium() -> Iterator[Browser]:
    place = require("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=place, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def looking(browser: Browser, address: str, width: int = 1280) -> Iterator[Page]:
    """A page of a browser that has seen nothing yet. Whatever the console of the browser says fails the test, and so
    does a request to another host."""
    context = browser.new_context(viewport={"width": width, "height": 800})
    page, said = context.new_page(), list[str]()
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith(address) else said.append(request.url))
    yield page
    context.close()
    assert not said, said


def barriers(page: Page) -> str:
    """What axe finds; '' for nothing. The context of ``page`` bypasses the policy: axe is a script of its own."""
    found = ""
    for scheme, options in (("light", {}), ("dark", {"runOnly": ["color-contrast"]})):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        seen = Axe().run(page, options=options)
        found += seen.generate_report() if seen.violations_count else ""
    return found


def sticks_out(page: Page, width: int = 320) -> bool:
    """Whether it has to be scrolled to the side on a small screen."""
    before = page.viewport_size
    page.set_viewport_size({"width": width, "height": 700})
    wide = page.locator("html").evaluate("each => each.scrollWidth") > width
    page.set_viewport_size(before or {"width": 1280, "height": 800})
    return bool(wide)
