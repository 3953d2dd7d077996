"""What stands in forms, and what the text becomes."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.configuration import write
from support.drafting import CONFIG, MORE, RULE
from support.linting import transform

from sipedge.review.forms import EditedJson, EditJson, edited, forms

NAME = "edge.dialplan"
TEXT = RULE + "\n# more of them\n" + MORE


class Edits:
    def __init__(self, folder: Path) -> None:
        self.config = str(write(folder, CONFIG))

    def __call__(self, do: str, entry: str, /, block: str = "search rule", text: str = TEXT, **more: str) -> EditedJson:
        texts = {"edge.toml": CONFIG, NAME: text}
        found = forms(self.config, texts, NAME)
        named = {each["values"]["name"]: each["values"] for each in found["entries"][block]}
        values = named.get(entry, found["defaults"][block]) | {key.replace("_", " "): more[key] for key in more}
        alias = values.pop("alias", "")
        edit: EditJson = {"do": do, "block": block, "name": entry, "values": values, "alias": alias}
        return edited(self.config, texts, NAME, edit)


@pytest.fixture
def edits(tmp_path: Path) -> Edits:
    return Edits(tmp_path)


def test_rules_stand_in_the_order_of_their_priorities_with_all_that_they_may_be(tmp_path: Path) -> None:
    found = forms(str(write(tmp_path, CONFIG)), {"edge.toml": CONFIG, NAME: TEXT}, NAME)
    assert [each["values"]["name"] for each in found["entries"]["search rule"]] == ["more", "out"]
    assert found["words"]["search rule"]["target"] == ["near", "far", "other", "Local Zone"]
    assert 'zone "Default Zone"' in found["words"]["search rule"]["source"]
    assert found["words"]["transform"]["pattern"] == [] and "mode" not in found["words"]["transform"]
    broken = forms(str(tmp_path / "edge.toml"), {"edge.toml": CONFIG, NAME: TEXT + "x"}, NAME)
    assert broken["entries"]["search rule"] == [] and "begins no block" in broken["mistakes"][0]


def test_a_form_changes_the_lines_of_its_rule(edits: Edits) -> None:
    made = edits("write", "more", target="near", description='the "other" way')
    assert made["mistakes"] == [] and made["text"].startswith(RULE + "\n# more of them\n")
    assert made["text"].replace('    description "the ""other"" way"\n', "") == TEXT.replace('"other"', '"near"')
    assert [line for line in made["diff"][0]["lines"] if line[0] == "-"] == ['-    target zone "other"']
    assert edits("write", "more")["text"] == TEXT


def test_a_new_rule_and_a_new_transform_are_written(edits: Edits) -> None:
    made = edits("write", "", name="new", priority="7", target="far")
    assert 'search rule "new" {\n    priority 7\n    target zone "far"\n}\n' in made["text"]
    made = edits("write", "", "transform", name="t", pattern="x", behavior="replace", replace="y")
    assert made["text"].startswith(TEXT + '\ntransform "t" {')


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"target": "fra"}, "target", 'there is no zone "fra": did you mean "far"?'),
        ({"target": "Default Zone"}, "target", "nothing can be sent to the Default Zone"),
        ({"pattern": "("}, "pattern", "("),
        ({"pattern": ""}, "pattern", "without a pattern"),
        ({"behavior": "strip"}, "behavior", "strip is for prefix and suffix"),
        ({"behavior": "replace", "replace": r"\9"}, "replace", "group"),
        ({"priority": "0"}, "priority", "is not a priority"),
        ({"name": "OUT"}, "name", 'a second search rule "OUT"'),
        ({"name": ""}, "name", "an empty name"),
        ({"description": "x" * 65}, "description", "64 at most"),
        ({"description": "a\nb"}, "description", "a control character"),
        ({"state": "maybe"}, "state", "is not among the values"),
    ],
)
def test_the_languages_own_words_come_back_at_the_field(
    values: dict[str, str], field: str, words: str, edits: Edits
) -> None:
    made = edits("write", "more", **values)
    assert made["text"] == TEXT and made["diff"] == []
    told = [(each["field"], f"{each['message']}: {each['hint']}") for each in made["mistakes"]]
    assert [each for each in told if each[0] == field and words in each[1]], told


def test_transforms_keep_priorities_of_their_own(edits: Edits) -> None:
    text = transform("a", 1, "a.*", "b") + transform("b", 2, "b.*", "c")
    made = edits("write", "b", block="transform", text=text, priority="1")
    assert [(each["field"], each["hint"]) for each in made["mistakes"]] == [
        ("priority", "the first is at line 1; give this one a priority of its own")
    ]
    moved = edits("up", "b", block="transform", text=text)["text"]
    assert moved == transform("a", 2, "a.*", "b") + transform("b", 1, "b.*", "c")


def test_a_rule_is_moved_switched_and_deleted(edits: Edits) -> None:
    assert edits("down", "more")["text"] == edits("up", "out")["text"]
    assert edits("up", "more")["mistakes"][0]["message"] == '"more" is the first already'
    off = edits("off", "more")["text"]
    assert off == TEXT.removesuffix("}\n") + "    state disabled\n}\n"
    assert edits("on", "more", text=off)["text"] == TEXT
    assert edits("delete", "more")["text"] == RULE
    assert edits("delete", "gone")["mistakes"][0]["message"] == 'there is no search rule "gone" any more'


def test_a_text_that_has_a_mistake_by_now_stays_as_it_is(edits: Edits) -> None:
    made = edits("delete", "out", text=TEXT + "x")
    assert made["text"] == TEXT + "x"
    assert made["mistakes"][0]["message"] == f"the text has a mistake in line {TEXT.count(chr(10)) + 1}"


def test_a_pattern_is_tried_on_an_alias(edits: Edits) -> None:
    more = {"behavior": "replace", "pattern": r"(.*)@far\.example", "replace": r"\1@x"}
    assert edits("write", "more", alias="a@far.example", **more)["tried"] == {"matched": True, "alias": "a@x"}
    assert edits("write", "more", alias="a", **more)["tried"] == {"matched": False, "alias": None}
    assert edits("write", "more", alias="a@x", pattern="(")["tried"] is None
    assert edits("write", "more", alias="a@x", mode="any alias")["tried"] is None
