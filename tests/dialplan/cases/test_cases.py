from __future__ import annotations

import pytest

from dialplan.cases.cases import Case, Expected, ExpectedTarget, differences
from dialplan.model import Behavior, Dialplan, OnMatch, Query, SearchRule, Transform
from dialplan.search.search import CompiledPlan, Explanation

PLAN = CompiledPlan(
    Dialplan(
        (Transform(name="t", pattern="00", behavior=Behavior.REPLACE, replace="+"),),
        (
            SearchRule(name="a", priority=10, target="A"),
            SearchRule(name="b", priority=10, target="B"),
            SearchRule(name="c", priority=20, target="C", on_match=OnMatch.STOP),
        ),
    )
)


def _found(alias: str = "x") -> Explanation:
    return PLAN.search(Query(alias, "Z"))


def _differences(expected: Expected, alias: str = "x") -> tuple[str, ...]:
    return differences(Case(name="c", source="Z", alias=alias, expected=expected), _found(alias))


def _zones(*names: str, more: bool = False) -> Expected:
    return Expected(targets=tuple(ExpectedTarget(zone=name) for name in names), more=more)


@pytest.mark.parametrize(
    "expected",
    [
        Expected(),
        _zones("A", "B", "C"),
        _zones("b", "a", "C"),
        _zones("A", "B", more=True),
        _zones("B", more=True),
        _zones("A", "B", "C", more=True),
        Expected(
            targets=(ExpectedTarget(rule="A", priority=10, stop=False), ExpectedTarget(), ExpectedTarget(stop=True))
        ),
        Expected(transform="", searched="x"),
    ],
)
def test_what_holds(expected: Expected) -> None:
    assert _differences(expected) == ()


@pytest.mark.parametrize(
    ("expected", "lines"),
    [
        (
            _zones(),
            (
                "- no match",
                '+ rule "a" zone "A" as "x" priority 10 continue',
                '+ rule "b" zone "B" as "x" priority 10 continue',
                '+ rule "c" zone "C" as "x" priority 20 stop',
            ),
        ),
        (
            Expected(transform="t", searched="+"),
            ('- transform "t"', '- searched "+"', "+ no transform", '+ searched "x"'),
        ),
    ],
)
def test_a_diff_says_what_was_found(expected: Expected, lines: tuple[str, ...]) -> None:
    assert sorted(_differences(expected)) == sorted(lines)


@pytest.mark.parametrize(
    "expected",
    [
        _zones("A"),
        _zones("A", "B"),
        _zones("C", more=True),
        _zones("A", "A", "C"),
        _zones("A", "C", "B"),
        _zones("A", "B", "C", "D"),
        _zones("A", "B", "C", "D", more=True),
        Expected(targets=(ExpectedTarget(alias="X"),), more=True),
        Expected(targets=(ExpectedTarget(priority=20),), more=True),
        Expected(targets=(ExpectedTarget(stop=True),), more=True),
    ],
)
def test_what_does_not_hold(expected: Expected) -> None:
    assert any(line.startswith("-") for line in _differences(expected))


def test_transforms() -> None:
    assert _differences(Expected(transform="T", searched="+1"), "001") == ()
    assert _differences(Expected(transform=""), "001") == ("- no transform", '+ transform "t"')


def test_no_match() -> None:
    empty = CompiledPlan(Dialplan()).search(Query("x", "Z"))
    case = Case(name="c", source="Z", expected=_zones())
    assert differences(case, empty) == ()
    case = Case(name="c", source="Z", expected=_zones("A", more=True))
    assert differences(case, empty) == ('- zone "A"', "- more", "+ no match")
