"""Cases on the page of the rules, and cases made from the history."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from support.console import browser, form_token, log_in, send, with_account
from support.decisions import record
from support.masked import Masked
from support.recorded import recorded

from sipedge.accounts.roles import Role
from sipedge.config.reading.files import in_folder_of
from sipedge.console.frame.world import World
from sipedge.queries.testing import load_suites
from sipedge.revisions.drafts import Draft
from sipedge.revisions.files import FileSet

CASES = """\
plan "edge.toml"
case "bob" {
    alias "bob@example.com"
    from zone "Internet"
    expect zone "IM&P"
}
case "ann" {
    alias "ann@example.com"
    from zone "Internet"
    expect zone "IM&P"
}
"""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = recorded(tmp_path, [record(1), record(2, "<b>@nowhere.example"), record(3, "", request_uri="sip:x")])
    yield made
    made.watch.close()
    made.desk.end()


@pytest.fixture
def client(world: World) -> TestClient:
    made = browser(world)
    log_in(made, with_account(world, Role.OPERATOR))
    return made


def draft_of(world: World, number: int) -> Draft:
    return world.desk.drafts.get(number)


def made(client: TestClient, wish: str, **fields: str) -> str:
    """Where the case of a decision is, made under the plan on the disk."""
    found = re.search(r'href="(/history/[0-9.-]+)"', client.get(f"/history?{wish}").text)
    assert found
    answer = send(client, f"{found[1]}/case?under=disk", f"{found[1]}?under=disk", **fields)
    return str(answer.headers.get("location", answer.text))


def test_each_rule_shows_how_many_cases_reach_it_with_the_way_to_their_file(client: TestClient, tmp_path: Path) -> None:
    assert client.get("/rules").text.count('data-label="cases"><span class="pale">none') == 2
    (tmp_path / "edge.cases").write_text(CASES)
    (tmp_path / "more.cases").write_text(CASES.replace("ann@example.com", "ann@far.example"))
    (tmp_path / "worse.cases").write_text("nonsense")
    page = client.get("/rules").text
    row, other = page[page.index(">imp<") : page.index(">rest<")], page[page.index(">rest<") :]
    assert 'href="/rules?file=edge.cases#held" aria-label="2 of edge.cases for imp">2<' in row
    assert 'aria-label="1 of more.cases for imp">1<' in row
    assert 'aria-label="1 of more.cases for rest">1<' in other
    (tmp_path / "more.cases").unlink()
    assert "more.cases" not in client.get("/rules").text


def test_a_decision_becomes_a_case_of_a_new_draft(client: TestClient, world: World) -> None:
    where = made(client, "rule=imp")
    draft = draft_of(world, 1)
    assert where == "/drafts/1?file=edge.cases&line=4" and draft.changed == ["edge.cases"]
    text, config = draft.texts["edge.cases"], world.desk.config
    assert text.split("\n")[3].startswith('case "') and draft.title.startswith("case: ")
    path = in_folder_of(config, "edge.cases")
    (suite,) = load_suites([(path, text)], FileSet(draft.texts).at(config))
    assert [answer.differences for answer in suite.answers()] == [()]
    assert 'data-line="4"' in client.get(where).text
    assert [entry.what for entry in world.keeping.audit.newest(2)] == ["draft changed", "draft begun"]


def test_further_ones_go_into_a_draft_and_a_file_that_are_there(
    client: TestClient, world: World, tmp_path: Path
) -> None:
    (tmp_path / "about.cases").write_text('plan "edge.dialplan"\n')
    (tmp_path / "held.cases").write_text(CASES)
    made(client, "rule=imp")
    assert made(client, "rule=imp", draft="1").startswith("/drafts/1?file=held.cases")
    assert made(client, "alias=%3Cb%3E%40nowhere.example", draft="1").startswith("/drafts/1?file=held.cases")
    draft = draft_of(world, 1)
    assert draft.changed == ["held.cases"] and draft.version == 3
    assert draft.texts["held.cases"].startswith(CASES) and draft.texts["held.cases"].count("\ncase ") == 5
    assert "(2)" in draft.texts["held.cases"] and "expect no match" in draft.texts["held.cases"]
    assert "there is no draft 7" in made(client, "rule=imp", draft="7")


def test_what_asked_no_rule_makes_no_case(client: TestClient, world: World) -> None:
    page = client.get("/history").text
    row = page[: page.index("sip:x")]
    key = re.findall(r'href="(/history/[0-9.-]+)"', row)[-1]
    assert "Make case" not in client.get(f"{key}?under=disk").text
    refused = send(client, f"{key}/case?under=disk", "/rules")
    assert refused.status_code == 422 and "no case can be made" in refused.text
    assert send(client, "/history/999.9/case", "/rules").status_code == 404


def test_who_only_reads_makes_no_case(client: TestClient, world: World) -> None:
    reader = browser(world)
    log_in(reader, with_account(world, Role.AUDITOR))
    key = re.findall(r'href="(/history/[0-9.-]+)"', reader.get("/history?rule=imp").text)[0]
    page = reader.get(f"{key}?under=disk").text
    assert "As a case" in page and "Make case" not in page
    assert "Make case" in client.get(f"{key}?under=disk").text


def test_who_sees_pseudonyms_sees_of_case_files_names_and_numbers(tmp_path: Path) -> None:
    masked = Masked(tmp_path)
    admin, client = masked.of(Role.ADMIN), masked.of(Role.OPERATOR)
    path = str(send(admin, "/drafts", "/rules").headers["location"])
    added = {"version": "1", "file": "people.cases", "text": "# zaphod\n", "then": "save"}
    assert send(admin, f"{path}/save", path, **added).status_code == 303
    token = {"form_token": form_token(client.get("/rules"))}
    shown = [client.get(each).text for each in (f"{path}?file=people.cases", "/rules?file=people.cases")]
    assert all("what a case file says is for who sees aliases in full" in text for text in shown)
    shown += [client.get(f"{path}/review").text, client.get("/api/texts").text]
    key = re.findall(r'href="(/history/[0-9.-]+)"', client.get("/history").text)[0]
    sent = [
        client.post(f"{path}/save", data={**token, **added, "version": "2"}),
        client.post(f"{path}/ask", data={**token, "ask": "marks", "file": "people.cases", "text": ""}),
        client.post("/backup/save", data=token),
        client.post(f"{key}/case", data=token),
    ]
    assert [each.status_code for each in sent] == [403] * 4
    for text in [*shown, *(each.text for each in sent)]:
        assert "zaphod" not in text.lower()
    assert "people.cases" not in client.get("/api/texts").json()["texts"]
    assert "zaphod" in admin.get(f"{path}/review").text.lower()
    masked.close()
