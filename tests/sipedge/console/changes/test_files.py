"""Files that come into a draft, and go; case files among them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.console import send
from support.drafting import CONFIG, RULE, Drafting

from sipedge.accounts.roles import Role

PLAN = 'plan "edge.toml"\n'
CASES = PLAN + 'case "bob" {\n    alias "bob@far.example"\n    from zone "near"\n    expect zone "far"\n}\n'


@pytest.fixture
def drafting(tmp_path: Path) -> Iterator[Drafting]:
    (tmp_path / "edge.cases").write_text(CASES)
    made = Drafting(tmp_path)
    yield made
    made.close()


def saved(drafting: Drafting, path: str, version: int, name: str, text: str) -> None:
    fields = {"version": str(version), "file": name, "text": text, "then": "save"}
    assert send(drafting.of(Role.OPERATOR), f"{path}/save", path, **fields).status_code == 303


def test_case_files_are_tabs_behind_the_configuration(drafting: Drafting) -> None:
    client, path = drafting.of(Role.OPERATOR), drafting.begun()
    page = client.get(f"{path}?file=edge.cases&line=3").text
    assert page.index("file=edge.dialplan") < page.index("file=edge.toml") < page.index("file=edge.cases")
    assert "bob@far.example" in page and 'data-line="3"' in page and "Save in the one layout" in page
    assert "data-line" not in client.get(f"{path}?file=edge.cases&line=x%22").text
    assert "file=edge.cases" in client.get("/rules").text


def test_a_mistake_in_a_case_file_is_saved_and_shown_at_its_line(drafting: Drafting) -> None:
    client, path = drafting.of(Role.OPERATOR), drafting.begun()
    saved(drafting, path, 1, "edge.cases", CASES.replace("expect", "expct"))
    assert "line 5: " in client.get(f"{path}?file=edge.cases").text
    assert 'edge.cases">edge.cases <span class="warn">changed' in client.get(path).text.replace(
        ' aria-current="page"', ""
    )
    page = client.get(f"{path}/review").text
    assert f'href="{path}?file=edge.cases&amp;line=5"' in page, "it leads to its line"


def test_what_a_case_says_of_a_draft_leads_to_the_case(drafting: Drafting) -> None:
    client, path = drafting.of(Role.OPERATOR), drafting.begun()
    saved(drafting, path, 1, "edge.dialplan", RULE.replace('"far"', '"other"'))
    page = client.get(f"{path}/review").text
    assert f'href="{path}?file=edge.cases&amp;line=2"' in page and "&#34;bob&#34; fails" in page
    assert "although cases do not hold" in drafting.of(Role.ADMIN).get(f"{path}/review").text
    saved(drafting, path, 2, "edge.cases", CASES.replace('zone "far"', 'zone "other"'))
    assert "1 hold" in client.get(f"{path}/review").text
    saved(drafting, path, 3, "edge.dialplan", RULE.replace('".*@far', '"x@far'))
    saved(drafting, path, 4, "edge.cases", PLAN)
    assert "search rule &#34;out&#34;: changed, no case" in client.get(f"{path}/review").text


def test_a_draft_of_cases_alone_says_that_nothing_will_be_on_trial(drafting: Drafting) -> None:
    path = drafting.begun()
    saved(drafting, path, 1, "edge.cases", CASES + "# more\n")
    page = drafting.of(Role.ADMIN).get(f"{path}/review").text
    assert "nothing is on trial" in page and "minutes</span>" not in page


def test_a_case_file_is_added_and_one_is_taken_out(drafting: Drafting) -> None:
    client, path = drafting.of(Role.OPERATOR), drafting.begun()
    added = send(client, f"{path}/add", path, version="1", file="more of it.cases")
    assert added.headers["location"] == f"{path}?file=more%20of%20it.cases"
    assert drafting.world.desk.drafts.get(1).texts["more of it.cases"] == PLAN
    assert send(client, f"{path}/take-out", path, version="1", file="edge.cases").status_code == 409
    assert send(client, f"{path}/take-out", path, version="2", file="edge.cases").status_code == 303
    assert send(client, f"{path}/take-out", path, version="3", file="edge.cases").status_code == 404
    draft = drafting.world.desk.drafts.get(1)
    assert draft.changed == ["edge.cases", "more of it.cases"] and draft.cases_only
    assert '<span class="minus">' in client.get(f"{path}/review").text


def test_a_dial_plan_that_the_configuration_names_stays(drafting: Drafting) -> None:
    client, path = drafting.of(Role.OPERATOR), drafting.begun()
    refused = send(client, f"{path}/take-out", path, version="1", file="edge.dialplan")
    assert refused.status_code == 409 and "take it out of dialplans" in refused.text
    assert send(client, f"{path}/take-out", path, version="1", file="edge.toml").status_code == 409
    saved(drafting, path, 1, "edge.toml", CONFIG.replace('"edge.dialplan"', ""))
    assert send(client, f"{path}/take-out", path, version="2", file="edge.dialplan").status_code == 303
    assert "edge.dialplan" not in drafting.world.desk.drafts.get(1).texts


def test_cases_changed_by_hand_meet_a_draft_of_the_rules(drafting: Drafting) -> None:
    client, path = drafting.of(Role.OPERATOR), drafting.begun()
    saved(drafting, path, 1, "edge.dialplan", RULE + "# more\n")
    (drafting.folder / "edge.cases").write_text("# by hand\n" + CASES)
    assert "not from what is there" in client.get("/rules").text
    assert send(client, f"{path}/rebase", path).status_code == 303
    draft = drafting.world.desk.drafts.get(1)
    assert draft.texts["edge.cases"] == "# by hand\n" + CASES and draft.changed == ["edge.dialplan"]
    assert "not from what is there" not in client.get("/rules").text
