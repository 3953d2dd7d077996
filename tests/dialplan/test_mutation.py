from __future__ import annotations

from dialplan.model import Behavior, Dialplan, Mode, OnMatch, PatternType, Query, SearchRule, SourceMode, Transform
from dialplan.mutation import mutants, mutation_score
from dialplan.parser import parse_dialplan
from dialplan.pattern import NO_VARIABLES
from dialplan.search import CompiledPlan

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


def test_the_score() -> None:
    asked = [Query("x@a.b.c", "S"), Query("x@axb.c", "S"), Query("x@a.b.c", "T"), Query("x", "S")]
    plan = CompiledPlan(PLAN)
    wanted = [plan.search(query).tiers for query in asked]
    score = mutation_score(PLAN, NO_VARIABLES, lambda other: [other.search(query).tiers for query in asked] == wanted)
    assert score.total == len(list(mutants(PLAN)))
    survivors = [mutant.what for mutant in score.survivors]
    assert 'transform "t": left out' in survivors
    assert 'rule "r": the backslash of "\\." (character 5) left out' not in survivors
    assert 'rule "r": the backslash of "\\." (character 8) left out' in survivors
    assert score.percent == 100 * (score.total - len(survivors)) / score.total


def test_a_change_that_nobody_could_load_does_not_count() -> None:
    """Without its backslash this repetition has nothing to repeat."""
    rule = SearchRule(
        name="r", mode=Mode.ALIAS_PATTERN_MATCH, pattern_type=PatternType.REGEX, pattern=".*(a|b)", target="X",
        behavior=Behavior.LEAVE, source=SourceMode.ANY, on_match=OnMatch.STOP,
    )  # fmt: skip
    plan = Dialplan((Transform(name="t", pattern="x"),), (rule,))
    score = mutation_score(plan, NO_VARIABLES, lambda other: True)
    assert score.killed == 0
    assert mutation_score(Dialplan(), NO_VARIABLES, lambda other: True).percent == 100.0
