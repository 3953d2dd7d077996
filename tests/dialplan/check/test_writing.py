from __future__ import annotations

import pytest
from support.linting import found, rule

from dialplan.check.writing import useless_anchors
from dialplan.pattern.parser import parse_pattern


@pytest.mark.parametrize(
    ("kind", "pattern", "column"),
    [
        ("prefix", r".*@a", 14),
        ("suffix", r"@a\.example", 16),
        ("exact", "a|b", 15),
        ("exact", "*98", 0),
        ("prefix", "+32", 0),
    ],
)
def test_looks_like_a_regex(kind: str, pattern: str, column: int) -> None:
    columns = [one.location.column for one in found(rule("r", 1, pattern, kind=kind), "looks-like-regex")]
    assert columns == ([column] if column else [])


@pytest.mark.parametrize("pattern", ["sip:.*@a", "sips?:.*".replace("s?", "s"), r"^sip\:.*", "(?:sip:).*"])
def test_scheme(pattern: str) -> None:
    assert len(found(rule("r", 1, pattern), "scheme-in-pattern")) == 1


def test_no_scheme() -> None:
    assert found(rule("r", 1, "sip.*@a"), "scheme-in-pattern") == []


@pytest.mark.parametrize(
    ("pattern", "offsets"),
    [
        ("^a$", {0, 2}),
        ("(^a|b$)", {1, 5}),
        ("a^b$c", set()),
        ("(^a)b", {1}),
        ("^", {0}),
        ("a", set()),
        ("(a$)+", set()),
    ],
)
def test_useless_anchors(pattern: str, offsets: set[int]) -> None:
    assert useless_anchors(parse_pattern(pattern), True, True) == offsets


@pytest.mark.parametrize(("pattern", "count"), [("a$b", 1), ("(?!.*).*", 1), ("(?!a)a", 1), ("a", 0), ("%ip%", 1)])
def test_matches_nothing(pattern: str, count: int) -> None:
    assert len(found(rule("r", 1, pattern), "matches-nothing")) == count
