"""Every page of the console in a browser: read by who does not see, used without a mouse, small, dark, hostile."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from support.console import PASSWORD, send, with_account, world_beside
from support.console import browser as client_of
from support.console import log_in as log_in_as
from support.console_process import barriers, chromium, console_of, looking, sticks_out
from support.decisions import record, write
from support.tcp_edge import Installation

from sipedge.accounts.roles import Role
from sipedge.console.app import PAGES

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]
HOSTILE = (
    "<script>document.title='taken'</script>@far.example",
    "\u202eelpmaxe@b\x00b\x1b[2J",
    "a" * 4096 + "@far.example",
)
CASES = f"""plan "edge.toml"
case "{"a" * 180}" {{
    alias "{"a" * 400}@far.example"
    from zone "near"
    expect no match
}}
"""
OIDC = '[console.oidc]\nissuer = "https://127.0.0.1:1"\nclient_id = "x"\nroles = { x = "admin" }\n'
"""So that the page of the log-in has all that it may have."""
FOCUSABLE = "a[href], button, input:not([type=hidden]):not([hidden]), select, textarea, summary, [tabindex='0']"
STEPS = 70
"""Presses of Tab that reach as much of a page as anybody wants to try."""
ENTRY = "{entry}"
MORE = (ENTRY, f"{ENTRY}?under=disk", f"{ENTRY}/ladder", "/pattern?kind=regex&alias=a&pattern=a", "/zones/speakers")
MORE += (
    "/zones/graph",
    "/doctor?zone=far",
    "/locate?alias=bob@far.example",
    "/logs/audit",
    "/logs/edge?text=s",
    "/history?alias=nobody&status=failed",
    "/log-in",
)
MORE += ("/drafts/1", "/drafts/1/review", "/drafts/1/forms", "/drafts/1/form", "/drafts/1/form?entry=out", "/password")
MORE += ("/revisions/compare?new=1",)
MORE += ("/drafts/1?file=edge.cases&line=2",)
KEYBOARD = ("/logs/edge", "/zones", "/doctor", "/alarms", "/accounts", "/", "/drafts/1/review", "/revisions", "/locate")
KEYBOARD += ("/drafts/1/forms", "/drafts/1/form?entry=out")
PATHS = (*(page.path for page in PAGES if page.title), *MORE)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A console beside a running edge, with a history of odd requests, an alarm and a draft."""
    installation = Installation(tmp_path_factory.mktemp("pages"))
    config = installation.toml
    text = config.read_text() + '[log]\ndecisions = "decisions.jsonl"\n[console]\nlisten = "127.0.0.1:0"\n' + OIDC
    config.write_text(text)
    config.with_name("edge.cases").write_text(CASES)
    write(config.with_name("decisions.jsonl"), (record(number, alias) for number, alias in enumerate(HOSTILE, 1)))
    more = record(4, method="NOTIFY", status=504, own=False, call_id="call-1@far.example")
    write(config.with_name("decisions.jsonl"), [more])
    world = world_beside(config)
    with_account(world, Role.ADMIN)
    client = client_of(world)
    log_in_as(client, "admin")
    send(client, "/drafts", "/rules", title="<b>bold</b>")
    client.close()
    world.watch.close()
    world.desk.checker.end()
    world.desk.reviewer.end()
    with installation.edge, console_of(config) as served:
        yield served


def _logged_in(page: Page, address: str) -> Page:
    page.goto(f"{address}/log-in")
    page.get_by_label("Account").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    return page


def _path(page: Page, address: str, path: str) -> str:
    if not path.startswith(ENTRY):
        return address + path
    page.goto(f"{address}/history?method=NOTIFY")
    href = page.locator("#found a[href^='/history/']").first.get_attribute("href")
    return f"{address}{path.replace(ENTRY, href or '')}"


@pytest.fixture(scope="module")
def shown(browser: Browser, address: str) -> Iterator[Page]:
    """As people see it: with the policy that the console sends."""
    with looking(browser, address) as page:
        yield _logged_in(page, address)


@pytest.fixture(scope="module")
def examined(browser: Browser, address: str) -> Iterator[Page]:
    """axe is a script of its own, which that policy would forbid."""
    context = browser.new_context(bypass_csp=True, viewport={"width": 1280, "height": 800})
    yield _logged_in(context.new_page(), address)
    context.close()


def _widest(page: Page, width: int) -> str:
    """What sticks out."""
    page.set_viewport_size({"width": width, "height": 700})
    out = """(all, width) => all.filter(each => !each.closest('.scroll, pre, .picture')
        && each.getBoundingClientRect().right > width).map(each => each.outerHTML.slice(0, 80)).slice(0, 3)"""
    return str(page.locator("main *").evaluate_all(out, width))


@pytest.mark.parametrize("path", PATHS)
def test_a_page_has_no_barrier_fits_a_small_screen_and_says_nothing_wrong(
    path: str, shown: Page, examined: Page, address: str
) -> None:
    shown.goto(_path(shown, address, path))
    expect(shown.get_by_role("heading", level=1)).to_be_visible()
    for width in (768, 320):
        assert not sticks_out(shown, width), f"it scrolls to the side: {_widest(shown, width)}"
    expect(shown).not_to_have_title(re.compile("taken"))
    examined.goto(_path(examined, address, path))
    assert barriers(examined) == ""


def test_no_page_is_forgotten_here() -> None:
    parts = {"/live", "/trial", "/alarms/count", "/history/{key}/alike", "/history.csv", "/static/{name}"}
    elsewhere = {"/log-in/oidc", "/log-in/oidc/back"}
    there = {each.path for each in PAGES if "GET" in each.methods and not each.path.startswith("/api")}
    seen = {re.sub(r"/drafts/1\b", "/drafts/{number:short}", path.partition("?")[0]) for path in PATHS}
    seen = {path.replace(ENTRY, "/history/{key}") for path in seen}
    assert there - seen == parts | elsewhere


@pytest.mark.parametrize("path", KEYBOARD)
def test_all_that_can_be_done_is_reached_by_the_tab_key_and_seen_to_be(path: str, shown: Page, address: str) -> None:
    shown.goto(address + path)
    shown.keyboard.press("Shift")  # while somebody uses the keyboard, nothing is fetched anew
    things = shown.locator(FOCUSABLE)
    things.evaluate_all("all => all.forEach((each, number) => each.dataset.number = number)")
    wanted = things.evaluate_all("all => all.filter(each => each.checkVisibility()).map(each => each.dataset.number)")
    reached: list[str] = []
    for _ in range(min(len(wanted), STEPS)):
        shown.keyboard.press("Tab")
        number, outline = shown.locator(":focus").evaluate(
            "each => [each.dataset.number, getComputedStyle(each).outlineStyle]"
        )
        assert outline != "none", shown.locator(":focus").evaluate("each => each.outerHTML.slice(0, 120)")
        reached.append(number)
    assert reached == wanted[:STEPS], "in the order in which they stand there"


def test_the_history_is_used_by_keyboard_alone_and_filters_as_one_types(shown: Page, address: str) -> None:
    shown.goto(f"{address}/history")
    shown.keyboard.press("Tab")
    expect(shown.get_by_role("link", name="To the content")).to_be_focused()
    shown.keyboard.press("Enter")
    shown.keyboard.press("Tab")
    expect(shown.get_by_label("Alias or From")).to_be_focused()
    shown.keyboard.type("script")
    expect(shown.locator("#found tbody tr")).to_have_count(1)
    expect(shown).to_have_url(re.compile("alias=script"))
    expect(shown.locator("#found tbody")).to_contain_text(HOSTILE[0])
    shown.get_by_label("Answer").fill("nonsense")
    expect(shown.get_by_role("alert")).to_contain_text("must be a status")


def test_a_decision_appears_while_one_looks(
    shown: Page, address: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shown.goto(f"{address}/history")
    count = shown.locator("#found tbody tr").count()
    file = next(Path(tmp_path_factory.getbasetemp()).glob("pages*/edge/decisions.jsonl"))
    write(file, [record(5, "new@far.example")])
    expect(shown.locator("#found tbody tr")).to_have_count(count + 1, timeout=10_000)
    expect(shown.locator("#found tbody tr").first).to_contain_text("new@far.example")


def test_pages_that_nobody_looks_at_keep_no_connection(browser: Browser, address: str) -> None:
    """A browser opens six to a console: a seventh page would never be shown."""
    context = browser.new_context()
    pages = [_logged_in(context.new_page(), address)]
    for _ in range(6):
        pages[-1].locator("html").evaluate("""() => {
            Object.defineProperty(document, "hidden", {value: true});
            document.dispatchEvent(new Event("visibilitychange"));
        }""")
        pages.append(context.new_page())
        pages[-1].goto(f"{address}/zones")
        expect(pages[-1].get_by_role("heading", level=1)).to_have_text("Zones")
    context.close()
