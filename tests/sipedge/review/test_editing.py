from __future__ import annotations

from pathlib import Path

import pytest
from support.running_edge import rule

from sipedge.review.editing import help_at, laid_out, marks, offer

from .test_review import CASES, CONFIG, RULE

Texts = dict[str, str]


@pytest.fixture
def texts() -> Texts:
    return {"edge.toml": CONFIG, "edge.dialplan": RULE}


@pytest.fixture
def config(tmp_path: Path) -> str:
    return str(tmp_path / "edge.toml")


def test_a_mistake_is_marked_in_the_text_that_has_it(config: str, texts: Texts) -> None:
    texts["edge.dialplan"] = RULE.replace('"far"', '"fra"')
    (found,) = marks(config, texts, "edge.dialplan")
    assert found["level"] == "error" and 'did you mean "far"?' in found["message"]
    assert "target" in texts["edge.dialplan"].split("\n")[found["line"] - 1]
    assert marks(config, texts, "edge.toml") == []


def test_zones_are_those_of_the_draft(config: str, texts: Texts) -> None:
    texts["edge.toml"] = CONFIG.replace('"far"', '"afar"')
    texts["edge.dialplan"] = RULE.replace('"far"', '"afar"')
    assert not [each for each in marks(config, texts, "edge.dialplan") if each["level"] == "error"]


def test_a_configuration_is_marked_too_and_no_draft_may_hold_a_password(config: str, texts: Texts) -> None:
    credential = '[[credential]]\nusername = "a"\npassword = "b"\n'
    texts["edge.toml"] = CONFIG.replace("neighbor", "nieghbor", 1)
    (found,) = marks(config, texts, "edge.toml")
    assert "nieghbor" in texts["edge.toml"].split("\n")[found["line"] - 1]
    texts["edge.toml"] = CONFIG + credential
    (found,) = marks(config, texts, "edge.toml")
    assert "holds no passwords" in found["message"]


def test_findings_of_the_linter_are_marked(config: str, texts: Texts) -> None:
    texts["edge.dialplan"] = RULE + rule("hidden", r"a@far\.example", "other", priority=90)
    assert [each for each in marks(config, texts, "edge.dialplan") if each["id"] and '"hidden"' in each["message"]]


def test_zones_and_fields_are_offered(config: str, texts: Texts) -> None:
    lines = RULE.split("\n")
    number, target = next((number, line) for number, line in enumerate(lines, 1) if "target" in line)
    column = target.index('"') + 2
    found = offer(config, texts, "edge.dialplan", number, column)
    assert 'zone "far"' in found["words"] and target[found["start"] : found["end"]] == 'zone "far"'
    assert offer(config, texts, "edge.dialplan", 99, 0)["words"] == []
    assert offer(config, texts, "edge.toml", 1, 0)["words"] == []


def test_a_pattern_is_explained_and_a_text_laid_out(config: str, texts: Texts) -> None:
    assert "matches" in help_at(config, texts, "edge.dialplan", 3)
    assert help_at(config, texts, "edge.toml", 3) == ""
    texts["edge.dialplan"] = RULE.replace("    ", " ")
    laid = laid_out(config, texts, "edge.dialplan")
    assert laid != texts["edge.dialplan"] and laid.count("\n    ") > 3
    assert laid_out(config, texts, "edge.toml") == CONFIG


def test_a_case_file_is_asked_of_the_draft_as_one_types(config: str, texts: Texts) -> None:
    texts["edge.cases"] = CASES
    assert marks(config, texts, "edge.cases") == []
    texts["edge.dialplan"] = RULE.replace('"far"', '"other"')
    (found,) = marks(config, texts, "edge.cases")
    assert (found["line"], found["level"]) == (3, "warning") and '"x goes far" fails' in found["message"]
    assert 'zone "other"' in help_at(config, texts, "edge.cases", 3)
    column = len('    from zone "n')
    assert offer(config, texts, "edge.cases", 5, column) == {"start": 14, "end": 20, "words": ['"near"']}
    assert offer(config, texts, "edge.cases", 2, 0)["words"][0] == 'plan ""'
    texts["edge.cases"] = CASES.replace("    ", " ")
    assert laid_out(config, texts, "edge.cases") == CASES
