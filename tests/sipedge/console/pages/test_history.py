"""The list of decisions, one of them, and the same as CSV."""

from __future__ import annotations

import csv
import re
import time
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from support.console import browser, log_in, send, with_account
from support.decisions import BEGAN, PLAN, plan_of, record, write
from support.recorded import carry, recorded, revision_of

from dialplan.model import Query
from sipedge.accounts.roles import Role
from sipedge.cli.explain import explanation_text
from sipedge.console.frame.world import World
from sipedge.control.times import moment
from sipedge.queries.trees.explained import Branch, tree_of

HOSTILE = "<script>alert(1)</script>\u202egnp\x00@far.example"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Five decisions, one of which no rule took."""
    aliases = ("bob@example.com", "eve@far.example", "nobody@nowhere", "bob@example.com", HOSTILE)
    made = recorded(tmp_path, (record(number, alias) for number, alias in enumerate(aliases, 1)))
    yield made
    made.watch.close()
    made.desk.checker.end()


@pytest.fixture
def client(world: World) -> TestClient:
    return browser(world)


def _entry(client: TestClient, query: str) -> str:
    """The page of the newest that fits."""
    found = re.search(r'href="(/history/[0-9-]+)"', client.get(f"/history?{query}").text)
    assert found
    return found[1]


def test_the_newest_decisions_are_listed_with_their_rule_and_answer(client: TestClient) -> None:
    text = client.get("/history").text
    rows = text.count("<tr><td")
    assert rows == 5 and ">rest<" in text and ">(no rule)<" in text and moment(BEGAN) in text


def test_what_a_stranger_wrote_is_text(client: TestClient) -> None:
    for place in ("/history", _entry(client, "alias=script"), "/history.csv", "/"):
        text = client.get(place).text
        assert "<script>alert" not in text or place == "/history.csv"
        assert "\u202e" not in text and "\x00" not in text


def test_filters_stand_in_the_address_and_an_empty_list_says_what_is_stored(client: TestClient) -> None:
    assert client.get("/history?rule=imp").text.count("<tr><td") == 2
    text = client.get("/history?alias=bob&status=failed").text
    assert "5 decisions are stored" in text and "0 are missing" in text
    assert 'value="bob"' in text


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("status=x", "must be a status such as 504"),
        ("since=yesterday", "must be a time"),
        ("revision=zz", "first digits of a revision"),
        ("before=1", "names no entry"),
        ("most=0", "from 1 to 1000"),
        (f"alias={'a' * 256}", "may have 255 characters"),
    ],
)
def test_a_wish_that_cannot_be_is_answered_with_what_would_be_right(
    client: TestClient, query: str, sentence: str
) -> None:
    answer = client.get(f"/history?{query}")
    assert 'role="alert"' in answer.text and sentence in answer.text
    assert client.get(f"/history.csv?{query}").status_code == 400


def test_older_ones_stand_behind_a_link(client: TestClient) -> None:
    first = client.get("/history?most=2").text
    found = re.search(r'href="(/history\?before=[0-9-]+)">Older', first)
    assert found
    assert client.get(found[1]).text.count("<tr><td") == 3


def test_csv_has_all_that_fit_and_no_cell_is_a_formula(world: World, client: TestClient, tmp_path: Path) -> None:
    write(tmp_path / "decisions.jsonl", [record(6, "=1+1@far.example")])
    carry(world)
    rows = list(csv.reader(client.get("/history.csv?rule=rest").text.splitlines()))
    assert rows[0][:3] == ["time", "method", "alias"] and len(rows) == 4
    assert rows[1][2] == "'=1+1@far.example"


def _lines(branch: Branch) -> list[str]:
    return [str(branch), *(line for each in branch.branches for line in _lines(each))]


def test_an_entry_opens_as_the_tree_that_the_edge_saw(world: World, tmp_path: Path) -> None:
    """Here under what the files hold."""
    revision = revision_of(tmp_path)
    write(tmp_path / "decisions.jsonl", [record(6, revision=revision)])
    carry(world)
    client = browser(world)
    place = _entry(client, f"revision={revision}")
    shown = unescape(re.sub(r"<[^>]+>", "", client.get(f"{place}?under=disk").text))
    found = plan_of().search(Query("bob@example.com", "Default Zone"))
    for line in _lines(tree_of(found, "no sign of Microsoft", lambda zone: "")):
        assert line in shown
    assert "This plan is not kept" in client.get(place).text, "no edge runs that could give it"


def test_an_entry_opens_under_a_draft_that_nobody_has_applied(world: World, client: TestClient) -> None:
    with_account(world, Role.OPERATOR)
    log_in(client, "operator")
    path = send(client, "/drafts", "/rules", title="other").headers["location"]
    text = PLAN.replace('"@example.com"', '"@else.example"')
    send(client, f"{path}/save", path, version="1", file="edge.dialplan", text=text, then="save")
    place = _entry(client, "rule=imp")
    assert ">draft 1</a>" in client.get(place).text
    shown = unescape(re.sub(r"<[^>]+>", "", client.get(f"{place}?under=draft-1").text))
    assert "Under draft 1." in shown and "no rule matches: 404 Not Found" in shown
    send(client, f"{path}/save", path, version="2", file="edge.dialplan", text="search", then="save")
    assert "cannot be read" in client.get(f"{place}?under=draft-1").text
    assert client.get(f"{place}?under=draft-7").status_code == 404
    assert client.get(f"{place}?under=draft-x").status_code == 404


def test_terminal_and_page_say_the_same_words() -> None:
    found = plan_of().search(Query("eve@far.example", "Default Zone"))
    printed = explanation_text(found, "why", lambda zone: "")
    words = [line.lstrip("│├└─ ") for line in printed.splitlines()]
    assert words == [line.lstrip() for line in _lines(tree_of(found, "why", lambda zone: ""))]


def test_an_entry_can_become_a_case_and_a_question(client: TestClient) -> None:
    place = _entry(client, "rule=imp")
    text = client.get(f"{place}?under=disk").text
    assert "expect rule &#34;imp&#34; zone &#34;IM&amp;P&#34;" in text
    assert "/locate?alias=bob%40example.com&amp;from=Default+Zone&amp;traffic=standard" in text


def test_entries_of_one_call_id_stand_together(world: World, client: TestClient, tmp_path: Path) -> None:
    write(tmp_path / "decisions.jsonl", [record(6, call_id="c"), record(7, call_id="c", method="NOTIFY")])
    carry(world)
    text = client.get(_entry(client, "call_id=c")).text
    assert "Of this Call-ID" in text and text.count("<tr><td") == 2


def test_a_refusal_of_a_partner_is_told_in_the_doctors_words(world: World, client: TestClient, tmp_path: Path) -> None:
    line = b'ms-diagnostics: 1009;reason="No match for domain in SIP domain list";source="edge.far.example"'
    more = {"status": 504, "own": False, "reason": "Server time-out", "diagnostics": (line,)}
    write(tmp_path / "decisions.jsonl", [record(6, **more)])
    carry(world)
    text = client.get(_entry(client, "status=504")).text
    assert 'aria-label="The doctor"' in text and "ms-diagnostics 1009" in text


def test_an_entry_that_is_forgotten_or_none_is_said_to_be(client: TestClient) -> None:
    for key in ("1-1", "99-1", "x", "1-1/ladder"):
        answer = client.get(f"/history/{key}")
        assert answer.status_code == 404 and "not kept" in answer.text


def test_without_a_file_of_messages_there_is_no_ladder(client: TestClient) -> None:
    assert "records no messages" in client.get(f"{_entry(client, 'rule=imp')}/ladder").text


def test_an_entry_tells_how_many_are_like_it_today(world: World, client: TestClient, tmp_path: Path) -> None:
    now = time.time()
    like = [record(number, f"user{number}@far.example", time=now) for number in range(6, 9)]
    others = [
        record(9, "bob@new.example", time=now),
        record(10, "bob@far.example", time=now, status=503),
        record(11, "bob@far.example", time=now, lines=(b"From: <sip:eve@else.example>", b"", b"")),
    ]
    write(tmp_path / "decisions.jsonl", [*like, *others])
    carry(world)
    place = _entry(client, "alias=user8")
    found = re.search(r'<a class="button" href="([^"]+)">3 like it today</a>', client.get(f"{place}/alike").text)
    assert found and f'href="{found[1]}"' in client.get(place).text
    text = client.get(unescape(found[1])).text
    assert text.count("<tr><td") == 3 and 'value="@far.example"' in text and "<details" in text and " open>" in text


@pytest.mark.parametrize(("text", "found"), [("", 5), ("Z", 5), ("%2B00:00", 5), ("%2B02:00", 5), ("-02:00", 0)])
def test_a_time_is_utc_unless_it_says_otherwise(client: TestClient, text: str, found: int) -> None:
    since = moment(BEGAN - 60).removesuffix("Z").replace(" ", "T")
    assert len(client.get(f"/api/history?since={since}{text}").json()["decisions"]) == found
