"""The order of writes, held against brute force over short aliases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from support.examples import examples
from support.plans import ALIASES, asked, changed, plans, usable
from support.settings import rule

from dialplan.analysis import conditions_of, senders_of
from dialplan.language.parser import parse_dialplan
from dialplan.model import Dialplan
from dialplan.search.search import NO_VARIABLES, CompiledPlan
from sipedge.expressway.order import Order, safe_order
from sipedge.expressway.writes import Write, plan_after, writes_between

SHORT = tuple(alias for alias in ALIASES if len(alias) < 4)


def parsed(text: str) -> Dialplan:
    return parse_dialplan(text, "plan")


def ordered(old: str, new: str) -> Order:
    return safe_order(parsed(old), parsed(new), NO_VARIABLES)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Dialplan, Dialplan]:
    old = draw(plans())
    new = old
    for _ in range(draw(st.integers(1, 3))):
        new = draw(changed(new))
    rules = [*new.rules]
    if draw(st.booleans()):
        rules.append(replace(draw(plans()).rules[0], name="new"))
    if len(rules) > 1 and draw(st.booleans()):
        rules.pop(draw(st.integers(0, len(rules) - 1)))
    return old, Dialplan(old.transforms, tuple(rules))


@pytest.mark.slow
@given(pairs())
@examples(25)
def test_no_request_is_misrouted_on_the_way(pair: tuple[Dialplan, Dialplan]) -> None:
    old, new = pair
    assume(usable(old) and usable(new))
    order = safe_order(old, new, NO_VARIABLES, senders_of(old + new))
    zones = senders_of(old + new)
    states = [plan_after(old, order.steps[:count]) for count in range(len(order.steps) + 1)]
    seen = [ways_with(state, zones) for state in states]
    before, wanted = ways_with(old, zones), ways_with(new, zones)
    for was, becomes in zip(seen, seen[1:], strict=False):
        assert all(b in (a, w) for a, b, w in zip(was, becomes, wanted, strict=True))
    assert seen[0] == before
    if order.complete:
        assert len(order.steps) == len(writes_between(old, new)) and seen[-1] == wanted
    elif order.stuck:
        longer = (*ALIASES, *(found.query.alias for found in order.stuck))
        assert not any(is_safe_by_force(old, way, zones, longer) for way in permutations(writes_between(old, new)))
        for found in order.stuck:
            assert asked(found.between) not in (asked(found.old), asked(found.new))


def ways_with(plan: Dialplan, zones: object, aliases: Sequence[str] = SHORT) -> list[object]:
    compiled = CompiledPlan(plan)
    return [asked(compiled.search(one.query(alias))) for one in conditions_of(zones) for alias in aliases]  # type: ignore[arg-type]


def is_safe_by_force(old: Dialplan, way: tuple[Write, ...], zones: object, aliases: Sequence[str]) -> bool:
    """That no order exists may show with a longer alias only: ``.*aa`` and ``[^@]*aa`` differ from ``a@aa`` on."""
    seen = [ways_with(plan_after(old, way[:count]), zones, aliases) for count in range(len(way) + 1)]
    return all(
        b in (a, w)
        for was, becomes in zip(seen, seen[1:], strict=False)
        for a, b, w in zip(was, becomes, seen[-1], strict=True)
    )


A = r".*@a\.example"


def test_a_rule_that_replaces_another_comes_first() -> None:
    """The other way round the alias would have no way at all for a moment."""
    old = rule("old", "A", A, priority="10")
    new = rule("new", "B", A, priority="5")
    order = ordered(old, new)
    assert [str(step) for step in order.steps] == ['create "new"', 'delete "old"']
    assert order.complete


def test_two_rules_that_must_change_at_once_are_told_with_a_request() -> None:
    old = rule("one", "A", A, priority="1", on_match="continue") + rule("two", "B", A, priority="2")
    new = rule("one", "C", A, priority="1", on_match="continue") + rule("two", "D", A, priority="2")
    order = ordered(old, new)
    assert not order.complete and order.steps == ()
    assert {str(found.write) for found in order.stuck} == {'update "one"', 'update "two"'}
    for found in order.stuck:
        assert found.query.alias.endswith("@a.example")


def test_independent_writes_keep_the_order_they_were_found_in() -> None:
    old = rule("one", "A", r".*@a\.example") + rule("two", "A", r".*@b\.example")
    new = rule("one", "B", r".*@a\.example") + rule("two", "B", r".*@b\.example") + rule("three", "B", r".*@c\.example")
    assert [str(step) for step in ordered(old, new).steps] == ['update "one"', 'update "two"', 'create "three"']


def test_nothing_to_do() -> None:
    plan = rule("one", "A", A)
    assert ordered(plan, plan) == Order(())


def test_transforms_are_not_pushed() -> None:
    transform = 'transform "t" {\n    priority 1\n    pattern "x"\n    behavior strip\n}\n'
    with pytest.raises(ValueError, match="transforms of the two plans differ"):
        ordered(transform, "")


def test_writes_that_have_nothing_to_do_with_each_other_are_ordered_apart() -> None:
    """Or two writes without an order would be tried behind each of the 4,096 sets of the others."""
    pair = ("one", "A", A), ("two", "B", A)
    first, second = {"priority": "1", "on_match": "continue"}, {"priority": "2"}
    old = rule(*pair[0], **first) + rule(*pair[1], **second)
    new = rule("one", "C", A, **first) + rule("two", "D", A, **second)
    for number in range(12):
        old += rule(f"r{number}", "A", rf".*@r{number}\.example")
        new += rule(f"r{number}", "B", rf".*@r{number}\.example")
    order = ordered(old, new)
    assert [str(step) for step in order.steps] == [f'update "r{number}"' for number in range(12)]
    assert {str(found.write) for found in order.stuck} == {'update "one"', 'update "two"'}
    assert [str(write) for write in order.together] == ['update "one"', 'update "two"']
    assert order.unproved == ()


def test_the_fewest_writes_that_are_safe_together_are_told() -> None:
    """The third matches their aliases, too, so it is ordered with them; it can be done first."""
    wide = r".*@[ab]\.example"

    def plan(*targets: str) -> str:
        one, two, three = targets
        first = rule("one", one, A, priority="1", on_match="continue")
        return first + rule("two", two, A, priority="2") + rule("three", three, wide, priority="3")

    order = ordered(plan("A", "B", "C"), plan("D", "E", "F"))
    assert [str(step) for step in order.steps] == ['update "three"']
    assert [str(write) for write in order.together] == ['update "one"', 'update "two"']


def test_h323_calls_are_not_misrouted_either() -> None:
    """For SIP the two may come in any order; an H.323 call would find both rules gone."""
    old = rule("both", "A", A)
    new = rule("both", "A", A, protocol="sip") + rule("calls", "A", A, protocol="h323")
    assert [str(step) for step in ordered(old, new).steps] == ['create "calls"', 'update "both"']
