from __future__ import annotations

from support.plans import compiled

from dialplan.analysis import SymbolicPlan
from dialplan.analysis.meetings import Meetings
from dialplan.analysis.plan import UNCHANGED

RULE = """search rule "{0}" {{
    mode alias pattern match
    pattern type regex
    pattern "{0}"
    behavior leave
    target zone "A"
}}
"""
TRANSFORM = 'transform "t" {\n pattern type regex\n pattern "(.*)@old"\n behavior replace\n replace "\\1@new"\n}\n'


def test_pairs_and_parts() -> None:
    plan = SymbolicPlan(compiled(RULE.format("a.*") + RULE.format(".*b") + RULE.format("c.*")))
    meetings = Meetings()
    a, b, c = (meetings.of_rule(rule, UNCHANGED) for rule in plan.rules)
    both = meetings.item(a.language & b.language, (a, b))
    assert meetings.meet(a, b) and not meetings.meet(a, c)
    assert meetings.apart(both, c) and not meetings.meet(both, c)
    assert meetings.item(a.language) is a
    assert a.test("ax") and not a.test("x")


def test_a_transform_that_makes_no_difference_is_looked_through() -> None:
    plan = SymbolicPlan(compiled(TRANSFORM + RULE.format("alice.*") + RULE.format(".*@new")))
    meetings = Meetings()
    branch = plan.branches[1]
    base = meetings.item(branch.domain)
    names, hosts = (meetings.inside(base, rule, branch) for rule in plan.rules)
    assert names is meetings.of_rule(plan.rules[0], UNCHANGED)
    assert hosts is not meetings.of_rule(plan.rules[1], UNCHANGED)
    assert hosts.test("x@old") and not hosts.test("x@new@")


def test_rules_near_a_base_are_those_that_facts_leave() -> None:
    plan = SymbolicPlan(compiled(TRANSFORM + RULE.format("alice.*") + RULE.format(".*@new") + RULE.format(".*@other")))
    meetings = Meetings()
    alice, new, other = plan.rules
    base = meetings.of_rule(new, UNCHANGED)
    assert [rule for rule, _ in meetings.near(base, plan.rules, UNCHANGED)] == [alice, new]
    behind = meetings.item(plan.branches[1].domain)
    assert [rule for rule, _ in meetings.near(behind, plan.rules, plan.branches[1])] == [alice, new]
    assert meetings.items(base, (alice, other), UNCHANGED) == {
        meetings.of_rule(alice, UNCHANGED),
        meetings.of_rule(other, UNCHANGED),
    }
