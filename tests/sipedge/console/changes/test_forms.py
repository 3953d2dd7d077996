"""Rules of a draft as forms, without a script."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape
from itertools import product
from pathlib import Path

import pytest
from httpx import Response
from support.console import send
from support.drafting import MORE, RULE, Drafting

from sipedge.accounts.roles import Role

LIST = "/drafts/1/forms?file=edge.dialplan"
FORM = "/drafts/1/form"
HOSTILE = ("<script>document.title='taken'</script>", "\u202eelpmaxe", 'a"b', "x" * 4096, "a\x00b", "a\r\nb")


class Forms:
    def __init__(self, drafting: Drafting) -> None:
        self.client = drafting.of(Role.OPERATOR)
        self._drafting = drafting
        drafting.plan.write_text(RULE + "\n# more of them\n" + MORE)
        drafting.begun()

    @property
    def text(self) -> str:
        return self._drafting.world.desk.drafts.get(1).texts["edge.dialplan"]

    @property
    def version(self) -> str:
        return str(self._drafting.world.desk.drafts.get(1).version)

    def send(self, path: str, **fields: str) -> Response:
        frame = {"version": self.version, "file": "edge.dialplan", "block": "search rule"}
        return send(self.client, path, LIST, **{**frame, **fields})


@pytest.fixture
def forms(tmp_path: Path) -> Iterator[Forms]:
    drafting = Drafting(tmp_path)
    yield Forms(drafting)
    drafting.close()


def test_rules_are_listed_in_their_order_and_lead_to_their_forms(forms: Forms) -> None:
    page = forms.client.get(LIST).text
    assert page.index(">more</a>") < page.index(">out</a>")
    assert f"{LIST}" in forms.client.get("/drafts/1").text
    form = forms.client.get(f"{FORM}?file=edge.dialplan&block=search+rule&entry=more").text
    assert 'value="x.*@far\\.example"' in form and '<option value="other" selected>' in form
    assert forms.client.get(f"{FORM}?entry=nothing").status_code == 404
    assert forms.client.get(f"{FORM}?block=zone").status_code == 400
    assert forms.client.get(f"{FORM}?file=edge.toml").status_code == 404


def test_a_rule_is_saved_by_its_form_and_nothing_else_changes(forms: Forms) -> None:
    before = forms.text
    answer = forms.send(FORM, entry="more", then="save", **{"name": "more", "priority": "6", **_pattern("other")})
    assert answer.headers["location"] == f"{LIST}#search-rule-more"
    assert forms.text == before.replace("priority 5", "priority 6")
    answer = forms.send(FORM, then="review", **{"name": "new", "target": "near", "priority": "50"})
    assert answer.headers["location"] == "/drafts/1/review" and 'search rule "new" {' in forms.text


def _pattern(target: str, pattern: str = r"x.*@far\.example") -> dict[str, str]:
    return {
        "mode": "alias pattern match",
        "pattern_type": "regex",
        "pattern": pattern,
        "behavior": "leave",
        "target": target,
        "on_successful_match": "stop",
    }


def test_a_form_with_a_mistake_comes_back_with_it_at_its_field_and_as_it_was_filled_in(forms: Forms) -> None:
    before = forms.text
    answer = forms.send(FORM, entry="more", then="save", name="more", **_pattern("fra"))
    assert answer.status_code == 422 and forms.text == before
    assert 'id="in-target-wrong">there is no zone "fra": did you mean "far"?' in unescape(answer.text)
    page = unescape(forms.send(FORM, entry="more", then="save", name="more", **_pattern("far", "x(")).text)
    assert 'id="in-pattern" name="pattern" value="x("' in page and 'aria-describedby="in-pattern-wrong"' in page


def test_a_pattern_is_tried_and_nothing_is_saved(forms: Forms) -> None:
    before, version = forms.text, forms.version
    answer = forms.send(FORM, entry="more", name="more", alias="xy@far.example", **_pattern("near"))
    assert answer.status_code == 200 and "matched" in answer.text
    assert '<span class="plus">+    target zone &#34;near&#34;' in answer.text
    assert (forms.text, forms.version) == (before, version)


def test_rules_are_moved_switched_and_deleted_from_the_list(forms: Forms) -> None:
    before = forms.text
    assert forms.send("/drafts/1/forms", entry="more", do="down").status_code == 303
    assert forms.text != before
    forms.send("/drafts/1/forms", entry="more", do="up")
    assert forms.text == before
    forms.send("/drafts/1/forms", entry="more", do="off")
    assert "state disabled" in forms.text and "Switch more on" in forms.client.get(LIST).text
    forms.send("/drafts/1/forms", entry="more", do="delete")
    assert forms.text == RULE
    refused = forms.send("/drafts/1/forms", entry="out", do="up")
    assert refused.status_code == 422 and "is the first already" in refused.text
    assert forms.send("/drafts/1/forms", entry="out", do="write").status_code == 400


def test_a_duplicate_has_another_name_and_all_else_alike(forms: Forms) -> None:
    page = forms.client.get(f"{FORM}?like=more").text
    assert 'value="more (2)"' in page and 'name="entry" value=""' in page


def test_who_has_not_seen_the_last_change_is_refused(forms: Forms) -> None:
    before = forms.text
    for path, fields in ((FORM, {"then": "save", "name": "n", "target": "far"}), ("/drafts/1/forms", {"do": "delete"})):
        assert forms.send(path, entry="" if "then" in fields else "out", version="7", **fields).status_code == 409
    assert forms.text == before


def test_hostile_values_are_text_or_refused(forms: Forms) -> None:
    for field, value in product(("name", "description", "pattern", "target", "source", "state", "alias"), HOSTILE):
        before = forms.text
        fields = {"name": f"n {forms.version}", **_pattern("near"), field: value}
        answer = forms.send(FORM, then="save", **fields)
        assert answer.status_code in (303, 422), value
        assert "<script>document" not in answer.text and "<script>document" not in forms.client.get(LIST).text
        assert answer.status_code == 303 or forms.text == before
        assert "has mistakes" not in forms.client.get(LIST).text


def test_a_text_with_mistakes_has_no_forms_and_says_why(forms: Forms) -> None:
    fields = {"version": "1", "file": "edge.dialplan", "text": forms.text + "x", "then": "save"}
    send(forms.client, "/drafts/1/save", "/drafts/1", **fields)
    page = forms.client.get(LIST).text
    assert "The text has mistakes" in page and "begins no block" in page
    assert forms.client.get(f"{FORM}?entry=more").headers["location"] == LIST


def test_who_only_reads_sees_the_list_and_no_buttons(tmp_path: Path) -> None:
    drafting = Drafting(tmp_path)
    drafting.begun()
    page = drafting.of(Role.AUDITOR).get(LIST).text
    drafting.close()
    assert ">out" in page and "<button name" not in page and "A new" not in page
