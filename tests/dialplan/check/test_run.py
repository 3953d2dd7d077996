from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from support.examples import examples
from support.plans import ALIASES, compiled, plans, reached, usable

from dialplan.analysis import Languages, SymbolicPlan, conditions_of, senders_of
from dialplan.check import Level, findings, report
from dialplan.check import run as linter
from dialplan.check.witnesses.context import Context
from dialplan.check.witnesses.finding import Finding
from dialplan.model import Dialplan, Location, Query

DEAD = {"unreachable", "transformed-away", "matches-nothing"}
PLAN = """search rule "b" {
    mode any alias
    on successful match stop
    target zone "B"
}
search rule "a" {
    priority 200
    mode any alias
    target zone "A"
    state disabled
}
"""


def test_in_the_order_of_the_file() -> None:
    found = findings(compiled(PLAN))
    assert [(one.id, one.location.line) for one in found] == [("sent-back", 1), ("disabled", 10)]
    assert all(one.location.line <= two.location.line for one, two in pairwise(found))


def test_what_the_engine_does_not_confirm_is_not_told() -> None:
    def wrong(context: Context) -> list[Finding]:
        query = Query("alice@example.com", "Default Zone")
        return [Finding("shadowed", Level.ERROR, Location(), "no", "no", "b", query, lambda found: not found.tiers)]

    families = linter.FAMILIES
    linter.FAMILIES = (wrong,)  # type: ignore[assignment]
    try:
        found = report(compiled(PLAN))
    finally:
        linter.FAMILIES = families
    assert (found.findings, len(found.refuted)) == ((), 1)


@pytest.mark.slow
@examples(40)
@given(plans())
def test_every_claim_agrees_with_all_short_aliases(dialplan: Dialplan) -> None:
    plan = usable(dialplan)
    if plan is None:
        return
    conditions = conditions_of(senders_of(dialplan))
    found = report(plan)
    assert found.refuted == ()
    met = reached(plan, conditions)
    for one in found.findings:
        if one.id in DEAD and one.name.startswith("rule") and "only by aliases such as" not in one.why:
            assert one.name not in met, one
        if one.id == "transform-preceded":
            assert all(plan.search(conditions[0].query(alias)).transform != one.name for alias in ALIASES)
        if one.id == "duplicate":
            _check_duplicate(dialplan, one)


def _check_duplicate(dialplan: Dialplan, finding: Finding) -> None:
    """The rule and the one that it repeats match the same aliases under the same conditions."""
    plan = usable(replace(dialplan, transforms=()))
    assert plan is not None
    rules = {one.rule.name: one for one in SymbolicPlan(plan, Languages([plan])).rules}
    twin = next(rule for name, rule in rules.items() if name != finding.name and f'as "{name}"' in finding.why)
    for alias in ALIASES:
        assert rules[finding.name].matches(alias) == twin.matches(alias)
    for conditions in conditions_of(senders_of(dialplan)):
        assert rules[finding.name].admits(conditions) == twin.admits(conditions)
