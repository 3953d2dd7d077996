from __future__ import annotations

import pytest

from dialplan.cases.mutation import mutants, mutation_score
from dialplan.language.parser import parse_dialplan
from dialplan.model import Behavior, Dialplan, Mode, PatternType, Query, SearchRule
from dialplan.search.search import CompiledPlan, Explanation

TEXT = r"""
transform "t" {
    pattern "00"
    behavior replace
    replace "+"
}
search rule "r" {
    priority 20
    source zone "S"
    mode alias pattern match
    pattern type regex
    pattern ".*@a\.b\..*"
    behavior leave
    on successful match stop
    target zone "X"
}
search rule "s" {
    target zone "Y"
}
search rule "off" {
    target zone "Y"
    state disabled
}
"""
PLAN = parse_dialplan(TEXT, "f")


def test_every_kind_of_mistake_at_its_place() -> None:
    assert [str(mutant) for mutant in mutants(PLAN)] == [
        'f:2:1: transform "t": left out',
        'f:2:1: transform "t": pattern type prefix became suffix',
        'f:5:13: transform "t": the replace string is empty',
        'f:7:1: rule "r": left out',
        'f:12:13: rule "r": the backslash of "\\." (character 5) left out',
        'f:12:13: rule "r": the backslash of "\\." (character 8) left out',
        'f:12:13: rule "r": the leading ".*" left out',
        'f:12:13: rule "r": the trailing ".*" left out',
        'f:10:10: rule "r": mode became any alias',
        'f:9:17: rule "r": source "S" became any',
        'f:7:1: rule "r": traffic type any became standard',
        'f:7:1: rule "r": authenticated became yes',
        'f:14:25: rule "r": stop became continue',
        'f:15:17: rule "r": target became zone "Y"',
        'f:17:1: rule "s": left out',
        'f:17:1: rule "s": source any became all zones',
        'f:17:1: rule "s": traffic type any became standard',
        'f:17:1: rule "s": authenticated became yes',
        'f:17:1: rule "s": continue became stop',
        'f:18:17: rule "s": target became zone "X"',
        'f:8:14: rule "r" and rule "s": priorities exchanged',
    ]


def test_each_mutant_differs_and_none_changes_the_original() -> None:
    before = parse_dialplan(TEXT, "f")
    found = [mutant.dialplan for mutant in mutants(PLAN)]
    assert all(plan != PLAN for plan in found)
    assert len({repr(plan) for plan in found}) == len(found)
    assert before == PLAN


def test_patterns_that_are_left_alone() -> None:
    rule = SearchRule(
        name="r",
        mode=Mode.ALIAS_PATTERN_MATCH,
        pattern_type=PatternType.REGEX,
        pattern=r"a\\.\.*",
        behavior=Behavior.LEAVE,
        target="X",
    )
    changed = [mutant.dialplan.rules[0].pattern for mutant in mutants(Dialplan((), (rule,)))]
    assert set(changed) == {rule.pattern, r"a\\..*"}


@pytest.mark.slow
def test_the_score_and_a_witness_for_each_survivor() -> None:
    asked = [Query("x@a.b.c", "S"), Query("x@axb.c", "S"), Query("x@a.b.c", "T"), Query("x", "S")]
    plan = CompiledPlan(PLAN)
    wanted = [plan.search(query).tiers for query in asked]
    score = mutation_score(plan, lambda other: [other.search(query).tiers for query in asked] == wanted)
    survivors = {survivor.mutant.what: survivor for survivor in score.survivors}
    assert 'rule "r": the backslash of "\\." (character 5) left out' not in survivors
    assert score.killed + len(survivors) + score.same == len(list(mutants(PLAN)))
    assert score.percent == 100 * score.killed / score.total
    assert score.killed > 0 and 'transform "t": left out' in survivors
    for survivor in score.survivors:
        assert survivor.witness is not None, survivor
        other = CompiledPlan(survivor.mutant.dialplan)
        assert _shape(plan.search(survivor.witness)) != _shape(other.search(survivor.witness))


def test_what_changes_nothing_does_not_count() -> None:
    """The last rule's Continue may as well be Stop; no request shows it."""
    score = mutation_score(CompiledPlan(Dialplan((), (SearchRule(name="r", target="X"),))), lambda other: True)
    assert score.killed == 0
    assert "continue became stop" not in "".join(str(one.mutant) for one in score.survivors)
    assert score.same >= 1


def test_an_empty_plan() -> None:
    score = mutation_score(CompiledPlan(Dialplan()), lambda other: True)
    assert (score.total, score.percent) == (0, 100.0)


def _shape(found: Explanation) -> list[list[tuple[str, str]]]:
    return [[(target.zone, target.alias) for target in tier.targets] for tier in found.tiers]
