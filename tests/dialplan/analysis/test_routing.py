from __future__ import annotations

from support.plans import compiled

from dialplan.analysis import SymbolicPlan
from dialplan.analysis.rewriting import Added, Constant
from dialplan.analysis.routing import routing_of

PLAN = """transform "t" {
    pattern "a"
    behavior add suffix
    replace "x"
}
search rule "one" {
    mode any alias
    target zone "A"
}
search rule "two" {
    mode alias pattern match
    pattern type regex
    pattern ".*"
    behavior replace
    replace "fixed"
    target zone "B"
}
"""


def test_rewritings_in_a_row() -> None:
    plan = SymbolicPlan(compiled(PLAN))
    plain, added = plan.branches
    one, two = plan.rules
    assert routing_of(plain, [[one, two]]).tiers == (frozenset({("A", ()), ("B", (Constant("fixed"),))}),)
    assert routing_of(added, [[one], [two]]).tiers == (
        frozenset({("A", (Added(False, "x"),))}),
        frozenset({("B", (Constant("fixed"),))}),
    )
    assert routing_of(added, [[one], [two]]).zones == ({"A"}, {"B"})
