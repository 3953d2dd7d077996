"""Case files in an editor, as pure functions."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialplan.check import Level
from sipedge.config.reading.texts import Drafted
from sipedge.lsp.abilities import diagnostics
from sipedge.lsp.cases import case_help, case_offer, is_head
from sipedge.lsp.surroundings import Surroundings

CONFIG = """\
[edge]
system_name = "edge.example.com"
domains = ["example.com"]
dialplans = ["one.dialplan"]
[[zone]]
name = "IMP"
type = "neighbor"
peers = ["192.0.2.5"]
transport = "TCP"
[[zone]]
name = "Outside"
type = "neighbor"
peers = ["192.0.2.9"]
transport = "TCP"
"""
PLAN = """\
transform "short" {
    pattern type prefix
    pattern "00"
    behavior strip
}
search rule "out" {
    mode alias pattern match
    pattern type suffix
    pattern "@far.example"
    behavior leave
    target zone "Outside"
}
"""
CASE = """\
plan "edge.toml"

case "bob" {
    alias "bob@far.example"
    from zone "IMP"
    method MESSAGE
    expect zone "Outside"
}
"""


class Written:
    def __init__(self, folder: Path) -> None:
        self.file = str(folder / "edge.cases")
        (folder / "edge.toml").write_text(CONFIG)
        (folder / "one.dialplan").write_text(PLAN)
        self.texts = Drafted({})

    def offered(self, text: str) -> tuple[str, list[str]]:
        """(what is replaced, by what) at the sign ^ of a text."""
        before, _, after = text.partition("^")
        rows = before.split("\n")
        start, end, words = case_offer(before + after, self.file, len(rows), len(rows[-1]), self.texts)
        return (before + after).split("\n")[len(rows) - 1][start:end], words

    def within(self, line: str) -> tuple[str, list[str]]:
        """The same of a line in a case that is being written."""
        return self.offered(CASE.replace("    expect", f"    {line}\n    expect"))


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return Written(tmp_path)


def test_a_case_that_holds_is_quiet_and_one_that_fails_is_marked_where_it_begins(written: Written) -> None:
    around = Surroundings(texts=written.texts)
    assert diagnostics(CASE, written.file, around) == []
    (found,) = diagnostics(CASE.replace('zone "Outside"', "no match"), written.file, around)
    assert (found.level, found.location.line) == (Level.WARNING, 3)
    assert found.message.split("\n")[:2] == ['"bob" fails', "- no match"] and '+ rule "out"' in found.message


def test_mistakes_of_a_case_and_of_its_plan_are_marked(written: Written, tmp_path: Path) -> None:
    around = Surroundings(texts=written.texts)
    (found,) = diagnostics(CASE.replace('"IMP"', '"IPM"'), written.file, around)
    assert (found.level, found.location.line) == (Level.ERROR, 5) and "known: IMP, Outside" in found.message
    (found,) = diagnostics(CASE.replace("method", "methd"), written.file, around)
    assert found.location.line == 6
    plan = PLAN.replace('"Outside"', '"Outsid"')
    around = Surroundings(texts=Drafted({str(tmp_path / "one.dialplan"): plan}))
    (found,) = diagnostics(CASE, written.file, around)
    assert found.location.line == 1 and "one.dialplan:11:" in found.message
    (found,) = diagnostics("# nothing\n", written.file, around)
    assert "no plan to test" in found.message


def test_zones_rules_and_words_are_offered_where_they_may_stand(written: Written) -> None:
    assert written.offered("pl^")[1] == ['plan ""']
    assert 'case ""' in written.offered(CASE + "^")[1]
    replaced, words = written.within("fr^")
    assert replaced == "fr" and words[0] != "from zone", "it is there already"
    assert written.within("tr^") == ("tr", ["traffic"])
    assert written.within("ex^") == ("ex", ["expect"])
    assert written.within("traffic micro^")[1][:1] != [] and "presence" in written.within("event ^")[1]
    assert written.within("authenticated ^")[1] == ["yes", "no"]
    assert written.within('expect rule "o^ut"') == ('"out"', ['"out"'])
    assert written.within("expect zone ^")[1] == ['"IMP"', '"Outside"', '"Default Zone"', '"Local Zone"']
    assert written.within("expect transform ^")[1] == ['"short"']
    assert written.within('expect zone "Outside" pri^') == ("pri", ["priority"])
    assert {"no match", "rule", "more"} <= set(written.within("expect ^")[1])
    assert written.offered('plan "none.toml"\ncase "a" {\n    from zone ^')[1] == []
    assert written.offered('plan "edge.toml"\ncase "a" {\n    from zone "^')[1][:2] == ['"IMP"', '"Outside"']
    assert case_offer(CASE, written.file, 99, 0, written.texts)[2] == []


def test_of_a_case_one_sees_where_its_request_goes(written: Written) -> None:
    assert is_head(CASE, 3) and not is_head(CASE, 4) and not is_head(CASE, 99)
    text = case_help(CASE, written.file, 3, written.texts)
    assert "`bob@far.example` from `IMP`" in text and '`rule "out" zone "Outside" as "bob@far.example"' in text
    text = case_help(CASE.replace('"bob@', '"00bob@'), written.file, 3, written.texts)
    assert 'transform `"short"`: `bob@far.example`' in text
    assert case_help("case {", written.file, 1, written.texts) == case_help(CASE, written.file, 1, written.texts) == ""
