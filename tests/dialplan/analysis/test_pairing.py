from __future__ import annotations

from support.linting import rule
from support.plans import compiled

from dialplan.analysis import Languages, SymbolicPlan, SymbolicRule
from dialplan.analysis.pairing import paired, stopping_before, turned


def rules(*texts: str) -> list[tuple[SymbolicRule, ...]]:
    plans = [compiled(text) for text in texts]
    languages = Languages(plans)
    return [SymbolicPlan(plan, languages).rules for plan in plans]


def names(found: object) -> list[str]:
    assert isinstance(found, list | tuple)
    return [one.rule.name for one in found]


def test_the_same_rules_by_what_they_do() -> None:
    old, new = rules(
        rule("a", 1, "a.*") + rule("b", 2, "b") + rule("again", 3, "a.*"),
        rule("x", 1, "A.*") + rule("b", 2, "b", "B"),
    )
    pairs, (only_old, only_new) = paired(old, new)
    assert [(one.rule.name, other.rule.name) for one, other in pairs] == [("a", "x")]
    assert (names(only_old), names(only_new)) == (["b", "again"], ["b"])


def test_order() -> None:
    old, same, other = rules(
        rule("a", 1, "a") + rule("b", 1, "b") + rule("c", 2, "c"),
        rule("a", 7, "a") + rule("b", 7, "b") + rule("c", 9, "c"),
        rule("a", 7, "a") + rule("b", 8, "b") + rule("c", 6, "c"),
    )
    assert list(turned(paired(old, same)[0])) == []
    moved = {tuple(names([one[0], two[0]])) for one, two in turned(paired(old, other)[0])}
    assert moved == {("a", "b"), ("a", "c"), ("b", "c")}


def test_what_stops_before() -> None:
    (found,) = rules(rule("a", 1, "a") + rule("b", 2, "b", match="continue") + rule("c", 3, "c"))
    assert names(stopping_before(found, 3)) == ["a"]
