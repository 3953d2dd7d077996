"""A plan compiled in small steps, as a reload beside traffic does it."""

from __future__ import annotations

import pytest

from dialplan.model import Behavior, Dialplan, Mode, PatternType, Query, SearchRule, Transform, Variables
from dialplan.problem import DialplanError
from dialplan.search.search import CompiledPlan


def regex_rule(name: str, priority: int, pattern: str) -> SearchRule:
    return SearchRule(
        name=name,
        priority=priority,
        target="Z",
        mode=Mode.ALIAS_PATTERN_MATCH,
        pattern_type=PatternType.REGEX,
        pattern=pattern,
        behavior=Behavior.LEAVE,
    )


def in_steps(plan: Dialplan, variables: Variables, before: CompiledPlan) -> tuple[CompiledPlan, int]:
    """The plan, and how many rests there were."""
    steps, count = CompiledPlan.in_steps(plan, variables, before), 0
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value, count
        count += 1


OURS = Variables(domains=("uc.local",))
MANY_RULES = tuple(regex_rule(f"r{number}", number + 1, rf"(.*)@(pod{number}\.%localdomains%)") for number in range(40))
LEADING_9 = Transform(name="t", pattern="9")


def test_in_steps_it_becomes_the_same_plan() -> None:
    plan = Dialplan((LEADING_9,), MANY_RULES)
    stepwise, count = in_steps(plan, OURS, CompiledPlan(Dialplan()))
    assert count > len(plan.entries)
    for alias in ("9a@pod7.uc.local", "a@pod39.uc.local", "a@pod40.uc.local"):
        query = Query(alias, "Default Zone")
        assert stepwise.search(query).to_json() == CompiledPlan(plan, OURS).search(query).to_json()


def test_in_steps_patterns_of_the_plan_before_are_used_again() -> None:
    before = CompiledPlan(Dialplan((LEADING_9,), MANY_RULES[:30]), OURS)
    again, _ = in_steps(Dialplan((LEADING_9,), tuple(reversed(MANY_RULES))), OURS, before)
    known = {id(rule.pattern) for rule in before.rules}
    assert [id(rule.pattern) in known for rule in again.rules] == [True] * 30 + [False] * 10
    other, _ = in_steps(Dialplan((), MANY_RULES), Variables(domains=("other.local",)), before)
    assert not known & {id(rule.pattern) for rule in other.rules}
    assert other.search(Query("a@pod1.other.local", "Default Zone")).tiers


def test_in_steps_all_mistakes_are_told_as_at_once() -> None:
    plan = Dialplan((), (regex_rule("a", 1, "("), regex_rule("a", 2, ")")))
    with pytest.raises(DialplanError) as at_once:
        CompiledPlan(plan)
    with pytest.raises(DialplanError) as stepwise:
        in_steps(plan, Variables(), CompiledPlan(Dialplan()))
    assert stepwise.value.problems == at_once.value.problems


def test_at_once_patterns_of_a_plan_with_the_same_variables_are_used_again() -> None:
    before = CompiledPlan(Dialplan(rules=MANY_RULES), OURS)
    again = CompiledPlan(Dialplan(rules=MANY_RULES[:3]), OURS, before)
    assert all(new.pattern is old.pattern for new, old in zip(again.rules, before.rules, strict=False))
    other = CompiledPlan(Dialplan(rules=MANY_RULES[:3]), Variables(domains=("other.local",)), before)
    assert not any(new.pattern is old.pattern for new, old in zip(other.rules, before.rules, strict=False))
