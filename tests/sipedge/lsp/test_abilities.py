"""Diagnostics, pattern help, completion and code lenses as pure functions."""

from __future__ import annotations

from pathlib import Path

from dialplan.check import Level
from dialplan.language.fields import FIELD_NAMES
from dialplan.model import BlockKind, Location, SearchRule
from sipedge.lsp.abilities import completions, diagnostics, entry_at, pattern_help, reached_by
from sipedge.lsp.surroundings import Surroundings, suites_about
from sipedge.lsp.text import Place

AROUND = Surroundings("edge.toml", {"IMP": Location("edge.toml", 7, 8), "Outside": Location("edge.toml", 9, 8)})
RULE = """\
search rule "in" {{
    source               zone "Outside"
    mode                 alias pattern match
    pattern type         regex
    pattern              "{pattern}"
    behavior             leave
    on successful match  stop
    target               zone "{zone}"
}}
"""
GOOD = RULE.format(pattern=r".*@example\.com", zone="IMP")


def test_a_good_plan_has_none() -> None:
    assert diagnostics(GOOD, "f", AROUND) == []


def test_mistakes_stand_where_they_are() -> None:
    (found,) = diagnostics(GOOD.replace("regex", "regexp"), "f", AROUND)
    assert (found.level, found.location.line, found.location.column) == (Level.ERROR, 4, 26)
    (found,) = diagnostics(RULE.format(pattern=".*", zone="Outsid"), "f", AROUND)
    assert found.location.line == 8
    assert 'there is no zone "Outsid"' in found.message and 'did you mean "Outside"?' in found.message
    assert diagnostics(RULE.format(pattern=r".*@a\.example", zone="Nowhere"), "f", Surroundings()) == []


def test_findings_of_the_linter() -> None:
    (found,) = diagnostics(RULE.format(pattern=r".*@sub.example\.com", zone="IMP"), "f", AROUND)
    assert (found.id, found.location.line) == ("unescaped-dot", 5)


def test_pattern_help_has_examples_of_both_kinds() -> None:
    entry = entry_at(GOOD, "f", 5)
    assert isinstance(entry, SearchRule)
    text = pattern_help(entry, AROUND)
    matched, others = text.split("matches ")[1].split("but not ")
    assert "@example.com`" in matched
    assert "`" in others and "@example.com`" not in others
    assert entry_at("search rule {", "f", 1) is None


def test_completion() -> None:
    assert completions(Place(None), AROUND) == ['search rule ""', 'transform ""']
    fields = completions(Place(BlockKind.TRANSFORM, "", "", ("pattern", "priority")), AROUND)
    assert fields == [name for name in FIELD_NAMES[BlockKind.TRANSFORM] if name not in ("pattern", "priority")]
    assert completions(Place(BlockKind.SEARCH_RULE, "on successful match", "st"), AROUND) == ["stop"]
    assert completions(Place(BlockKind.SEARCH_RULE, "target", "zone "), AROUND) == ['zone "IMP"', 'zone "Outside"']
    assert 'zone "Default Zone"' in completions(Place(BlockKind.SEARCH_RULE, "source", ""), AROUND)


def test_cases_that_reach_a_rule(tmp_path: Path) -> None:
    plan = tmp_path / "one.dialplan"
    plan.write_text(GOOD)
    case = 'case "{0}" {{\n    alias "{0}@example.com"\n    from zone "Outside"\n    expect zone "IMP"\n}}\n'
    (tmp_path / "one.cases").write_text('plan "one.dialplan"\n' + case.format("a") + case.format("b"))
    ((place, count),) = reached_by(GOOD, str(plan), suites_about(str(plan)))
    assert (place.line, count) == (1, 2)
    assert reached_by("{", str(plan), []) == []
