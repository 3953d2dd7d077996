from __future__ import annotations

from pathlib import Path

import pytest
from support.configuration import EDGE, write
from support.running_edge import rule

from dialplan.model import Query
from sipedge.history.wish import Asked, Key
from sipedge.review.review import ReviewJson, review
from sipedge.revisions.files import FileSet, read_set

ZONES = "".join(
    f'[[zone]]\nname = "{name}"\ntype = "neighbor"\npeers = ["127.0.0.{number}"]\ntransport = "TCP"\n'
    for number, name in enumerate(("near", "far", "other"), 2)
)
CONFIG = EDGE + 'dialplans = ["edge.dialplan"]\n' + ZONES
RULE = rule("out", r".*@far\.example", "far")
MORE = rule("more", r"x.*@far\.example", "other", priority=5)
CASES = """\
plan "edge.toml"

case "x goes far" {
    alias "x@far.example"
    from zone "near"
    method MESSAGE
    expect zone "far" as "x@far.example"
}
"""


@pytest.fixture
def base(tmp_path: Path) -> FileSet:
    write(tmp_path, CONFIG)
    (tmp_path / "edge.dialplan").write_text(RULE)
    return read_set(str(tmp_path / "edge.toml"))


def reviewed(folder: Path, base: FileSet, plan: str, *asked: Asked) -> ReviewJson:
    return review(str(folder / "edge.toml"), base, {**base.texts, "edge.dialplan": plan}, asked)


def test_a_review_shows_what_goes_another_way_with_a_witness(tmp_path: Path, base: FileSet) -> None:
    found = reviewed(tmp_path, base, RULE + MORE)
    assert found["base"] == base.digest != found["digest"]
    assert [(each["name"], each["added"], each["removed"]) for each in found["files"]] == [("edge.dialplan", 9, 0)]
    assert found["files"][0]["lines"][-1].startswith("+")
    first = found["differences"][0]
    assert first["old"].startswith('zone "far"') and first["new"].startswith('zone "other"')
    assert "x@far.example" in first["request"] and not found["unproved"]


def test_nothing_else_is_said_of_a_draft_with_mistakes(tmp_path: Path, base: FileSet) -> None:
    found = reviewed(tmp_path, base, RULE + MORE.replace('"other"', '"othr"'))
    assert len(found["problems"]) == 1 and 'did you mean "other"?' in found["problems"][0]
    assert found["files"] and not found["differences"]


def test_only_new_findings_are_shown(tmp_path: Path, base: FileSet) -> None:
    hidden = rule("hidden", r"a@far\.example", "other", priority=90)
    found = reviewed(tmp_path, base, "# moves all lines\n\n" + RULE + hidden)["findings"]
    assert [each for each in found if '"hidden"' in each["why"]], found
    assert not reviewed(tmp_path, base, "# moves all lines\n\n" + RULE)["findings"]


def with_cases(base: FileSet, **texts: str) -> FileSet:
    return FileSet({**base.texts, **{f"{name}.cases": text for name, text in texts.items()}})


def test_cases_that_no_longer_hold_are_named_at_their_line_and_broken_files_too(tmp_path: Path, base: FileSet) -> None:
    base = with_cases(base, a=CASES, b="nonsense")
    assert reviewed(tmp_path, base, RULE + "# x\n")["cases"]["held"] == 1
    cases = reviewed(tmp_path, base, RULE + MORE)["cases"]
    assert cases["held"] == 0
    (failed,), (broken,) = cases["failed"], cases["broken"]
    assert '"x goes far" fails' in failed["text"] and (failed["file"], failed["line"]) == ("a.cases", 3)
    assert "b.cases:1:" in broken["text"] and (broken["file"], broken["line"]) == ("b.cases", 1)


def test_cases_are_those_of_the_draft_and_others_that_lie_there_are_told(tmp_path: Path, base: FileSet) -> None:
    (tmp_path / "a.cases").write_text(CASES.replace('"far"', '"other"'))
    (tmp_path / "b.cases").write_bytes(b"\xff")
    (tmp_path / "c.cases").write_text('plan "other.toml"\n')
    cases = reviewed(tmp_path, with_cases(base, a=CASES), RULE + "# x\n")["cases"]
    assert cases["held"] == 1 and not cases["failed"]
    assert [(each["file"], "not UTF-8" in each["text"]) for each in cases["broken"]] == [("", True)]


def test_changed_rules_that_no_case_reaches_are_named(tmp_path: Path, base: FileSet) -> None:
    more = MORE.replace("x.*", "y.*")
    base = with_cases(base, a=CASES)
    assert reviewed(tmp_path, base, "# moved\n" + RULE + more)["cases"]["uncovered"] == ['search rule "more"']
    assert reviewed(tmp_path, base, RULE + MORE)["cases"]["uncovered"] == []
    assert reviewed(tmp_path, base, RULE.replace("priority 50", "priority 60"))["cases"]["uncovered"] == []
    off = RULE + more.replace("{", "{\n    state disabled", 1)
    assert reviewed(tmp_path, base, off)["cases"]["uncovered"] == []


def test_recorded_requests_are_counted_by_the_rules_that_change_places(tmp_path: Path, base: FileSet) -> None:
    asked = [
        Asked(Query("x1@far.example", "near"), "", 40, Key(1, 1), "MESSAGE"),
        Asked(Query("x2@far.example", "near"), "", 1, Key(1, 1), "MESSAGE"),
        Asked(Query("bob@far.example", "near"), "", 1000, Key(1, 1), "MESSAGE"),
    ]
    found = reviewed(tmp_path, base, RULE + MORE, *asked)["recorded"]
    assert (found["requests"], found["changed"]) == (1041, 41)
    (group,) = found["groups"]
    assert (group["old"], group["new"], group["requests"], group["aliases"]) == ("out", "more", 41, 2)
    assert group["example"] == "x1@far.example" and group["zone"] == "near"


def test_a_change_of_zones_alone_is_a_difference_of_texts(tmp_path: Path, base: FileSet) -> None:
    texts = {**base.texts, "edge.toml": base.texts["edge.toml"].replace("127.0.0.4", "127.0.0.5")}
    found = review(str(tmp_path / "edge.toml"), base, texts)
    assert [(each["name"], each["added"], each["removed"]) for each in found["files"]] == [("edge.toml", 1, 1)]
    assert not found["differences"] and not found["problems"]
