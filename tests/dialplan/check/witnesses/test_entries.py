from __future__ import annotations

from support.linting import rule, transform
from support.plans import compiled

from dialplan.analysis import senders_of
from dialplan.check.witnesses.context import Context
from dialplan.check.witnesses.entries import entries, pattern_place, request_for

TEXT = (
    transform("t", 1, "(old).*", r"\1")
    + rule("one", 2, "a.*")
    + 'search rule "x" {\n mode any alias\n target zone "A"\n}\n'
)


def test_those_that_look_at_their_pattern() -> None:
    plan = compiled(TEXT)
    shown = [(entry.kind.value, entry.name) for entry in entries(plan.dialplan)]
    assert shown == [("transform", "t"), ("search rule", "one")]
    _, entry = entries(plan.dialplan)
    place = pattern_place(plan.dialplan, entry, 1)
    assert (place.line, place.column) == (12, 15)
    assert pattern_place(plan.dialplan, entry).column == 13


def test_requests() -> None:
    plan = compiled(TEXT)
    context = Context(plan, senders_of(plan.dialplan), False)
    first, second = entries(plan.dialplan)
    for entry, alias in ((first, "old@x"), (second, "alice")):
        query, claim = request_for(context, entry, alias)
        assert query is not None and claim(plan.search(query))
    assert request_for(context, second, "older")[0] is None
