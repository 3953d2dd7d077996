from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.paths import DATA
from support.plans import ALIASES, asked, changed, compiled, plans, usable

from dialplan.analysis import Sender, conditions_of, senders_of
from dialplan.analysis.diff import compare
from dialplan.check import assumed_variables
from dialplan.language.parser import parse_dialplan
from dialplan.model import Dialplan
from dialplan.search.search import CompiledPlan

FEDERATION = DATA / "dialplans/federation"

RULE = """search rule "{name}" {{
    priority {priority}
    mode alias pattern match
    pattern type regex
    pattern "{pattern}"
    behavior leave
    on successful match stop
    target zone "{zone}"
}}
"""


def rule(name: str, priority: int, pattern: str, zone: str = "A") -> str:
    return RULE.format(name=name, priority=priority, pattern=pattern, zone=zone)


def told(old: str, new: str) -> list[tuple[str, str, list[str], list[str]]]:
    """(alias, zone, where it went, where it goes) of every difference."""
    comparison = compare(compiled(old), compiled(new), [Sender("Default Zone", frozenset({False}))])
    assert comparison.unproved == ()
    return [
        (
            one.witness.alias,
            one.witness.source,
            [target.zone for tier in one.old.tiers for target in tier.targets],
            [target.zone for tier in one.new.tiers for target in tier.targets],
        )
        for one in comparison.differences
    ]


def test_written_differently_and_the_same() -> None:
    old = rule("one", 10, r".*@a\.example") + rule("two", 20, r"(alice|bob)@b\.example", "B")
    new = rule("deux", 7, r"(bob|alice)@b[.]example", "B") + rule("un", 9, r"(.*)@a\.example(?!x)")
    assert told(old, new) == []
    assert told(old, old) == []


def test_a_target_changed() -> None:
    old = rule("one", 10, r".*@a\.example") + rule("all", 20, ".*", "DNS")
    new = rule("one", 10, r".*@a\.example", "B") + rule("all", 20, ".*", "DNS")
    assert told(old, new) == [("alice@a.example", "Default Zone", ["A"], ["B"])]


def test_a_hidden_rule_makes_no_difference() -> None:
    first = rule("all", 10, ".*", "DNS")
    assert told(first, first + rule("one", 20, r".*@a\.example")) == []


def test_order_counts_only_where_rules_overlap() -> None:
    apart = [rule("one", 10, r".*@a\.example"), rule("two", 20, r"[^@]*@b\.example", "B")]
    turned = [rule("one", 20, r"[^@]*@a\.example"), rule("two", 10, r"[^@]*@b\.example", "B")]
    assert told(rule("one", 10, r"[^@]*@a\.example") + apart[1], "".join(turned)) == []
    assert told(rule("one", 10, "alice.*") + apart[1], rule("one", 30, "alice.*") + apart[1]) == [
        ("alice@b.example", "Default Zone", ["A"], ["B"])
    ]


def test_a_transform_added() -> None:
    plan = rule("one", 10, r".*@a\.example")
    transform = (
        'transform "t" {\npattern type regex\npattern "(.*)@old"\nbehavior replace\nreplace "\\1@a.example"\n}\n'
    )
    assert told(plan, plan + transform) == [("alice@old", "Default Zone", [], ["A"])]


def test_groups_out_of_order_are_not_proved() -> None:
    plan = rule("one", 10, r".*@a\.example")
    transform = 'transform "t" {\npattern type regex\npattern "(.*)@(.*)"\nbehavior replace\nreplace "\\2@\\1"\n}\n'
    comparison = compare(compiled(plan), compiled(plan + transform))
    assert comparison.unproved
    assert all("could be compared" in text for text in comparison.unproved)


@pytest.mark.parametrize("name", ["inside", "outside"])
def test_the_guides_plan_is_the_same_as_itself(name: str) -> None:
    dialplan = parse_dialplan((FEDERATION / f"{name}.dialplan").read_text(), name)
    plan = CompiledPlan(dialplan, assumed_variables(dialplan))
    assert compare(plan, plan).differences == ()


@pytest.mark.slow
@examples(60)
@given(plans().flatmap(lambda plan: st.tuples(st.just(plan), changed(plan))))
def test_every_claim_agrees_with_all_short_aliases(pair: tuple[Dialplan, Dialplan]) -> None:
    old, new = (usable(one) for one in pair)
    if old is None or new is None:
        return
    comparison = compare(old, new)
    told = {conditions for one in comparison.differences for conditions in one.conditions}
    for one in comparison.differences:
        for conditions in one.conditions:
            query = conditions.query(one.witness.alias)
            assert asked(old.search(query)) != asked(new.search(query))
    if comparison.unproved:
        return
    for conditions in conditions_of(senders_of(pair[0] + pair[1])):
        queries = [conditions.query(alias) for alias in ALIASES]
        if any(asked(old.search(query)) != asked(new.search(query)) for query in queries):
            assert conditions in told
