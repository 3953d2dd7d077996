from __future__ import annotations

import pytest
from support.linting import rule, told

from dialplan.check.dots import suspicious_dots
from dialplan.pattern.parser import parse_pattern


@pytest.mark.parametrize(
    ("pattern", "offsets"),
    [
        (r".*@a.example\.com", {4}),
        (r"alice.smith@.*", {5}),
        (r".*@(a|b).example", {8}),
        (r".*@%localdomain1%.x", {17}),
        (r".*@example.(com|org)", {10}),
        (r"\d.\d", {2}),
        (r".*@.*", set()),
        (r"a.*b", set()),
        (r"a\.b", set()),
        (r"a.@b", set()),
        (r"(.).*_(.).*@a", set()),
    ],
)
def test_dots_between_names(pattern: str, offsets: set[int]) -> None:
    assert suspicious_dots(parse_pattern(pattern)) == offsets


def test_only_where_an_alias_can_use_it() -> None:
    assert told(rule("r", 1, r".*@a.example"), "unescaped-dot") == [("warning", "r", "alice@aaexample")]
    assert told(rule("r", 1, r".*@a.b.example"), "unescaped-dot") == [("warning", "r", "alice@aab.example")]
    assert told(rule("r", 1, r".*@(a\.b|a.b)"), "unescaped-dot") == [("warning", "r", "alice@aab")]
    assert told(rule("r", 1, r"(?!.*@a[^.]b$).*@a.b"), "unescaped-dot") == []
