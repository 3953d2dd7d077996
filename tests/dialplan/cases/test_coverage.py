from __future__ import annotations

from dialplan.cases.coverage import coverage
from dialplan.model import Dialplan, OnMatch, Query, SearchRule, SourceMode, Transform
from dialplan.search.search import CompiledPlan

PLAN = Dialplan(
    (Transform(name="a", pattern="00"), Transform(name="off", priority=2, pattern="1", enabled=False)),
    (
        SearchRule(name="a", priority=1, target="X"),
        SearchRule(name="b", priority=1, target="X"),
        SearchRule(name="c", priority=2, target="Y", on_match=OnMatch.STOP),
        SearchRule(name="d", priority=3, target="Y"),
        SearchRule(name="e", target="Y", source=SourceMode.NAMED, source_name="S", enabled=False),
    ),
)


def _names(*aliases: str) -> tuple[list[str], list[str], list[str], float]:
    plan = CompiledPlan(PLAN)
    found = coverage(PLAN, [plan.search(Query(alias, "Z")) for alias in aliases])
    first, second, third = ([one.name for one in group] for group in (found.reached, found.decided, found.missed))
    return first, second, third, found.percent


def test_what_is_disabled_does_not_count_and_a_rule_with_the_same_target_does() -> None:
    assert _names("x") == (["a", "b", "c"], ["a", "b"], ["a", "d"], 60.0)
    assert _names("x", "001") == (["a", "a", "b", "c"], ["a", "a", "b"], ["d"], 80.0)


def test_nothing_asked_and_nothing_to_ask() -> None:
    assert _names() == ([], [], ["a", "a", "b", "c", "d"], 0.0)
    assert coverage(Dialplan(), []).percent == 100.0
