"""Rules and drafts as pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import time

import pytest
from support.console import browser, form_token, send
from support.decisions import record
from support.drafting import MORE, RULE, Drafting
from support.recorded import recorded

from sipedge.accounts.roles import Role
from sipedge.control.times import moment


@pytest.fixture
def drafting(tmp_path: Path) -> Iterator[Drafting]:
    made = Drafting(tmp_path)
    yield made
    made.close()


def test_a_draft_is_begun_saved_and_reviewed(drafting: Drafting) -> None:
    client, path = drafting.of(Role.OPERATOR), drafting.begun("more <b>rules</b>")
    assert path == "/drafts/1"
    answer = send(client, f"{path}/save", path, version="1", file="edge.dialplan", text=RULE + MORE, then="review")
    assert answer.headers["location"] == "/drafts/1/review"
    draft = drafting.world.desk.drafts.get(1)
    assert draft.texts["edge.dialplan"] == RULE + MORE and draft.changed == ["edge.dialplan"]
    page = client.get(f"{path}/review").text
    assert "1 kind of requests another way" in page and "no request goes another way" not in page
    assert "x@far.example" in page and '<span class="plus">+' in page
    assert "<b>rules</b>" not in page and "&lt;b&gt;rules" in page
    assert "/apply" not in page, "an operator drafts"
    assert "/apply" in drafting.of(Role.ADMIN).get(f"{path}/review").text
    assert drafting.plan.read_text() == RULE
    listed = client.get("/rules").text
    assert "edge.dialplan</td>" in listed and "out" in listed


def test_lines_end_as_they_did_before(drafting: Drafting) -> None:
    client, path = drafting.of(Role.OPERATOR), drafting.begun()
    typed = RULE.replace("\n", "\r\n")
    send(client, f"{path}/save", path, version="1", file="edge.dialplan", text=typed, then="save")
    assert not drafting.world.desk.drafts.get(1).changed
    drafting.plan.write_bytes(typed.encode())
    path = drafting.begun()
    send(client, f"{path}/save", path, version="1", file="edge.dialplan", text=typed, then="save")
    assert drafting.world.desk.drafts.get(2).texts["edge.dialplan"] == typed


def test_a_text_with_mistakes_is_saved_and_they_are_shown_at_their_line(drafting: Drafting) -> None:
    client, path = drafting.of(Role.OPERATOR), drafting.begun()
    wrong = RULE.replace('"far"', '"fra"')
    answer = send(client, f"{path}/save", path, version="1", file="edge.dialplan", text=wrong, then="save")
    page = client.get(answer.headers["location"]).text
    assert "line 8: " in page and "did you mean &#34;far&#34;?" in page
    assert "It has mistakes" in client.get(f"{path}/review").text


def test_the_layout_is_put_right_on_demand(drafting: Drafting) -> None:
    client, path = drafting.of(Role.OPERATOR), drafting.begun()
    narrow = RULE.replace("    ", " ")
    send(client, f"{path}/save", path, version="1", file="edge.dialplan", text=narrow, then="layout")
    assert drafting.world.desk.drafts.get(1).texts["edge.dialplan"].count("\n    ") > 3


def test_who_has_not_seen_the_last_change_is_refused_and_nothing_is_lost(drafting: Drafting) -> None:
    client, path = drafting.of(Role.OPERATOR), drafting.begun()
    one = {"version": "1", "file": "edge.dialplan", "then": "save"}
    send(client, f"{path}/save", path, text=RULE + MORE, **one)
    answer = send(client, f"{path}/save", path, text=RULE, **one)
    assert answer.status_code == 409 and "somebody else has changed draft 1" in answer.text
    assert drafting.world.desk.drafts.get(1).texts["edge.dialplan"] == RULE + MORE


def test_a_draft_is_brought_up_to_what_somebody_wrote_on_the_disk_meanwhile(drafting: Drafting) -> None:
    client, path = drafting.of(Role.OPERATOR), drafting.begun()
    send(client, f"{path}/save", path, version="1", file="edge.dialplan", text=RULE + MORE, then="save")
    drafting.plan.write_text("# by hand\n" + RULE)
    assert "not from what is there" in client.get("/rules").text
    assert send(client, f"{path}/rebase", path).headers["location"] == f"{path}/review"
    draft = drafting.world.desk.drafts.get(1)
    assert draft.texts["edge.dialplan"] == "# by hand\n" + RULE + MORE
    assert draft.base["edge.dialplan"] == "# by hand\n" + RULE
    drafting.plan.write_text("# by hand\n" + RULE + "# at the same place\n")
    answer = send(client, f"{path}/rebase", path)
    assert answer.status_code == 409 and "both changed this line" in answer.text


def test_a_dial_plan_is_added_and_a_draft_dropped(drafting: Drafting) -> None:
    client, path = drafting.of(Role.OPERATOR), drafting.begun()
    for name in ("../x.dialplan", "edge.toml", "x", "a/b.dialplan"):
        assert send(client, f"{path}/add", path, version="1", file=name).status_code == 400
    added = send(client, f"{path}/add", path, version="1", file="more.dialplan")
    assert added.headers["location"] == "/drafts/1?file=more.dialplan"
    assert "more.dialplan" in client.get(added.headers["location"]).text
    assert send(client, f"{path}/drop", path).headers["location"] == "/rules"
    assert client.get(path).status_code == 404


def test_an_editor_is_answered_about_what_is_typed(drafting: Drafting) -> None:
    client, path = drafting.of(Role.OPERATOR), drafting.begun()
    typed = {"file": "edge.dialplan", "text": RULE.replace('"far"', '"fra"')}
    headers = {"X-Form-Token": form_token(client.get(path))}
    found = client.post(f"{path}/ask", data={"ask": "marks", **typed}, headers=headers).json()["answer"]
    assert [(each["line"], each["level"]) for each in found] == [(8, "error")]
    offered = client.post(f"{path}/ask", data={"ask": "offer", "line": "8", "column": "18", **typed}, headers=headers)
    assert 'zone "far"' in offered.json()["answer"]["words"]
    helped = client.post(f"{path}/ask", data={"ask": "help", "line": "5", **typed}, headers=headers).json()
    assert isinstance(helped["answer"], str)
    assert client.post(f"{path}/ask", data={"ask": "review", **typed}, headers=headers).status_code == 400
    assert drafting.world.desk.drafts.get(1).version == 1


def test_a_broken_configuration_is_shown_instead_of_an_empty_page(drafting: Drafting) -> None:
    drafting.toml.write_text("[edge\n")
    page = drafting.of(Role.AUDITOR).get("/rules")
    assert page.status_code == 200 and "edge.toml:1:" in page.text


def test_passwords_never_get_into_a_draft(drafting: Drafting) -> None:
    client = drafting.of(Role.OPERATOR)
    drafting.toml.write_text(drafting.toml.read_text() + '[[credential]]\nusername = "a"\npassword = "secretword"\n')
    answer = send(client, "/drafts", "/rules")
    assert answer.status_code == 422 and "holds no passwords" in answer.text
    assert "secretword" not in answer.text + client.get("/rules").text


def test_what_cannot_be_audited_does_not_happen(drafting: Drafting) -> None:
    client, path = drafting.of(Role.OPERATOR), drafting.begun()
    log = drafting.folder / "edge.console" / "audit.jsonl"
    log.unlink()
    log.mkdir()
    answer = send(client, f"{path}/drop", path)
    assert answer.status_code == 500 and "this cannot be kept" in answer.text
    assert client.get(path).status_code == 200


def test_rules_are_listed_in_the_order_in_which_they_are_asked(drafting: Drafting) -> None:
    drafting.plan.write_text(RULE + MORE)
    page = drafting.of(Role.AUDITOR).get("/rules").text
    assert page.index('class="wrap">more<') < page.index('class="wrap">out<')


def test_of_each_rule_the_page_says_how_often_and_when_it_was_used_last(tmp_path: Path) -> None:
    now = time()
    times = {1: now - 7200, 2: now - 3600, 3: now - 60}
    world = recorded(tmp_path, [record(number, time=when) for number, when in times.items()])
    page = browser(world).get("/rules").text
    row, other = page[page.index("rule=imp") :], page[page.index(">rest<") :]
    assert 'data-label="requests">3<' in row and row.index(moment(now - 60)) < row.index(">rest<")
    assert 'data-label="last"></td>' in other
    world.watch.close()
    world.desk.checker.end()
