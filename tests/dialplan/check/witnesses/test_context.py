from __future__ import annotations

from support.linting import rule
from support.plans import compiled

from dialplan.analysis import Sender, senders_of
from dialplan.check.witnesses.context import Context, applies, hidden
from dialplan.model import Query, Traffic

TEXT = rule("alice", 1, "alice.*", "B") + rule("one", 2, r".*@a\.example")


def context() -> Context:
    plan = compiled(TEXT)
    return Context(plan, senders_of(plan.dialplan), False)


def test_masks() -> None:
    made = context()
    assert made.mask(made.rules[0]) == (1 << len(made.conditions)) - 1
    first = made.first(made.mask(made.rules[0]))
    assert (first.traffic, first.authenticated) == (Traffic.MICROSOFT_IMP, False)


def test_what_nobody_sends_is_no_condition() -> None:
    assert Context(compiled(TEXT), [Sender("A", frozenset())], True).conditions == []


def test_applies_and_hidden() -> None:
    made = context()
    alice, one = made.rules
    explanation = made.plan.search(Query("alice@a.example", "A"))
    assert (applies(explanation, alice), applies(explanation, one)) == (True, False)
    assert (hidden(explanation, alice), hidden(explanation, one)) == (False, True)
    other = made.plan.search(Query("bob@b.example", "A"))
    assert not (applies(other, one) or hidden(other, one))
