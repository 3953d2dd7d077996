from __future__ import annotations

import pytest
from hypothesis import given
from support.examples import examples
from support.plans import ALIASES, asked, compiled, plans, usable

from dialplan.analysis import Language, NotProved, RequestClass, SymbolicPlan, conditions_of, senders_of
from dialplan.analysis import decide as decided
from dialplan.model import Dialplan, PatternType

PLAN = """search rule "support" {
    priority 10
    mode alias pattern match
    pattern type exact
    pattern "support@a.example"
    behavior leave
    on successful match continue
    target zone "Desk"
}
search rule "users" {
    priority 20
    mode alias pattern match
    pattern type suffix
    pattern "@a.example"
    behavior leave
    on successful match stop
    target zone "A"
}
search rule "rest" {
    priority 30
    mode any alias
    target zone "DNS"
}
"""


def test_parts_of_a_class() -> None:
    plan = SymbolicPlan(compiled(PLAN))
    requests = RequestClass(frozenset({"Default Zone"}), plan.languages.everything)
    found = {one.witness.alias: [sorted(tier) for tier in one.routing.zones] for one in decided(plan, requests)}
    assert found == {
        "alice@example.com": [["DNS"]],
        "192.0.2.0": [],
        "alice@a.example": [["A"]],
        "support@a.example": [["Desk"], ["A"]],
    }


def test_a_smaller_class_has_fewer_parts() -> None:
    plan = SymbolicPlan(compiled(PLAN))
    users = Language.of(PatternType.SUFFIX, "@a.example", alphabet=plan.languages.alphabet)
    found = list(decided(plan, RequestClass(frozenset({"Default Zone"}), users)))
    assert len(found) == 2
    assert all(one.aliases.within(users) for one in found)
    assert (found[0].aliases | found[1].aliases).within(users) and users.within(found[0].aliases | found[1].aliases)


def test_out_of_reach_is_said() -> None:
    swap = 'transform "t" {\n pattern type regex\n pattern "(.*)@(.*)"\n behavior replace\n replace "\\2@\\1"\n}\n'
    plan = SymbolicPlan(compiled(PLAN + swap))
    with pytest.raises(NotProved):
        list(decided(plan, RequestClass(frozenset({"Default Zone"}), plan.languages.everything)))


@examples(40)
@given(plans())
def test_every_alias_is_in_one_part_and_goes_where_it_says(dialplan: Dialplan) -> None:
    compiled_plan = usable(dialplan)
    if compiled_plan is None:
        return
    plan = SymbolicPlan(compiled_plan)
    conditions = conditions_of(senders_of(dialplan))[:6]
    for one in conditions:
        requests = RequestClass(
            frozenset({one.source}), plan.languages.everything, frozenset({one.traffic}), frozenset({one.authenticated})
        )
        parts = list(decided(plan, requests))
        for alias in ALIASES[:100]:
            (part,) = [part for part in parts if alias in part.aliases]
            zones = [frozenset(zone for zone, _ in tier) for tier in asked(compiled_plan.search(one.query(alias)))]
            assert tuple(zones) == part.routing.zones
