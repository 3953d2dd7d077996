"""Whatever somebody sends, to whichever route: he is told what would be right, and nothing goes wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from urllib.parse import urlencode

import pytest
from httpx import Response
from starlette.testclient import TestClient
from support.console import browser, form_token
from support.decisions import record
from support.drafting import Drafting
from support.recorded import recorded

from sipedge.accounts.roles import Role
from sipedge.console.app import PAGES
from sipedge.console.frame.page import Page
from sipedge.history.wish import Wish

ENDS_THINGS = {"/log-out", "/accounts/remove", "/sessions/end", "/live"}
"""After which nobody is logged in, or which have no end."""
FIELDS = (
    *("alias", "destination", "sender", "rule", "zone", "method", "status", "call_id", "revision", "since", "until"),
    *("before", "most", "span", "under", "days", "old", "new", "file", "level", "text", "kind", "pattern", "replace"),
    *("behavior", "from", "event", "traffic", "message", "title", "version", "ask", "line", "column", "then", "domain"),
    *("connection", "number", "name", "role", "password", "minutes", "more", "comment", "next", "code", "state"),
    *("base", "texts", "confirm_within", "fail_more", "do", "last", "follow"),
)
ODD = (
    *("", "0", "-1", "1-9", "9" * 9, "9" * 18, "9" * 25, "9" * 5000, "1e400", "nan", "1.5", "\u0661", "true", "null"),
    *(
        "\x00",
        "\r\n",
        "\u202e",
        "%",
        "~_%",
        '"',
        "'",
        "a" * 5000,
        "(" * 3000,
        "{{7*7}}",
        "../../etc/passwd",
        "[" * 3000,
    ),
    *("own", "force", "disk", "draft-1", "draft-9", "marks", "help", "layout", "regex", "edge.dialplan", "edge.toml"),
    *(
        "2026-11-31T00:00",
        "2026-02-29",
        "2026-11-30T10:04+02:00",
        "0001-01-01",
        "9999-12-31T23:59",
        "7d",
        "failed",
        "5xx",
    ),
    *("status", "history", "plan", "probe", "=1+1", "<script>", "\u20ac", "1-", "-1-1", "1-0"),
)
WHOLE = (
    "",
    "null",
    "[]",
    "{",
    "[" * 20_000,
    "9" * 5000,
    '{"do": "log", "text": "\\ud800"}',
    '{"texts": {"\\ud800": ""}}',
)
SEED, EACH = 7, 12


@pytest.fixture(scope="module")
def drafting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drafting]:
    made = Drafting(tmp_path_factory.mktemp("odd"))
    made.begun()
    made.of(Role.ADMIN)
    yield made
    made.close()


@pytest.mark.parametrize("page", [each for each in PAGES if each.path not in ENDS_THINGS], ids=lambda each: each.path)
def test_no_input_makes_a_page_go_wrong(page: Page, drafting: Drafting) -> None:
    client, random = drafting.of(Role.ADMIN), Random(f"{SEED} {page.path}")
    headers = {"X-Form-Token": form_token(client.get("/"))}
    for method in page.methods:
        for _ in range(EACH):
            answer = _sent(client, method, page.path, random, headers)
            assert answer.status_code != 500, f"{answer.request.url} {answer.request.content[:200]!r}: {answer.text}"
            assert answer.status_code != 200 or "x-content-type-options" in answer.headers


def _sent(client: TestClient, method: str, path: str, random: Random, headers: dict[str, str]) -> Response:
    for name in ("{number:short}", "{key}", "{name}"):
        path = path.replace(
            name, random.choice(["1", "1-1", "9" * 9, "1-" + "9" * 18, "9" * 25, "9" * 5000, "a" * 300])
        )
    fields = {name: random.choice(ODD) for name in random.sample(FIELDS, 12)}
    if method == "GET":
        return client.get(f"{path}?{urlencode(fields)}")
    if path.startswith("/api"):
        body = json.dumps(
            fields | {"texts": {random.choice(ODD): random.choice(ODD)}, "do": random.choice(["status", "x"])}
        )
        return client.post(path, content=random.choice([body, random.choice(WHOLE)]), headers=headers)
    if random.random() < 0.2:
        kind = {"Content-Type": "multipart/form-data; boundary=x"}
        return client.post(path, content=b"--x\r\nno part\r\n", headers=headers | kind)
    return client.post(path, data=fields, headers=headers)


@pytest.mark.parametrize("query", [f"before=1-{'9' * 25}", f"before={'9' * 25}-1", "since=2026-11-31T00:00"])
def test_a_key_or_a_day_that_cannot_be_is_said_to_be_none(query: str, drafting: Drafting) -> None:
    client = drafting.of(Role.ADMIN)
    assert client.get(f"/api/history?{query}").status_code == client.get(f"/history.csv?{query}").status_code == 400
    assert 'role="alert"' in client.get(f"/history?{query}").text


def test_a_form_with_too_many_fields_or_too_much_before_the_log_in_is_not_read(drafting: Drafting) -> None:
    stranger = browser(drafting.world)
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert stranger.post("/log-in", content=b"a=b&" * 2000, headers=kind).status_code == 400
    answer = stranger.post("/log-in", content=b"a" * 70_000, headers=kind)
    assert answer.status_code == 413 and "65536 bytes at most" in answer.text


def test_half_characters_of_a_peer_break_no_page_no_list_and_no_address(tmp_path: Path) -> None:
    """Bytes that are no UTF-8, in an alias, in From and in a reason."""
    aliases = ["\udcff@far.example", "=\udcff\u202e@far.example", "x@\udcc3\udcff.example"]
    lines = (b"From: <sip:eve\xff@\xc3(.example>;tag=1", b"To: <sip:\xfe>", b"CSeq: 1 MESSAGE")
    more = {"lines": lines, "status": 504, "own": False, "reason": "\udcff"}
    world = recorded(tmp_path, (record(number, each, **more) for number, each in enumerate(aliases, 1)))
    client, found = browser(world), world.watch.history.find(Wish())
    texts = [client.get(path).text for path in ("/", "/history", "/history.csv", "/zones", "/logs")]
    for key in (str(each.key) for each in found):
        paths = (f"/history/{key}", f"/history/{key}?under=disk", f"/history/{key}/alike", f"/history/{key}/ladder")
        answers = [client.get(path) for path in paths]
        assert {each.status_code for each in answers} == {200}
        texts += [each.text for each in answers]
        assert client.get(f"/api/history/{key}").json()["decision"]["alias"] in aliases
    assert "\u202e" not in "".join(texts) and "'=\\udcff\\u202e@far.example" in texts[2]
    assert {each["alias"] for each in client.get("/api/history").json()["decisions"]} == set(aliases)
    world.watch.close()
