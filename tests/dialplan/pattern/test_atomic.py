"""Where a plain group matches what one that gives nothing back does, and where it would match more."""

from __future__ import annotations

import pytest

from dialplan.pattern.atomic import ATOMIC
from dialplan.pattern.parser import parse_pattern
from dialplan.syntax import Group, Node, PatternError, children


def has_atomic(node: Node) -> bool:
    return isinstance(node, Group) and node.index == ATOMIC or any(map(has_atomic, children(node)))


@pytest.mark.parametrize(
    "pattern",
    [
        r"\d++@.*",
        r"[^@]++@example\.com",
        "(?>sip|tel)x",
        "a*+",
        "(a++)b",
        "(?:a++|c)b",
        "a++(?:b|c)",
        "a++$",
        "((?>ab))+",
    ],
)
def test_taken(pattern: str) -> None:
    assert not has_atomic(parse_pattern(pattern))


@pytest.mark.parametrize(
    "pattern",
    ["a++a", "a++.", ".*+x", "(?>a|ab)c", "(?>a+?)b", "(?:a++b?)+", "a++b?a", "(?>a%ip%)", "a++%ip%"],
)
def test_refused(pattern: str) -> None:
    with pytest.raises(PatternError) as caught:
        parse_pattern(pattern)
    assert "gives nothing back" in caught.value.message and caught.value.hint
