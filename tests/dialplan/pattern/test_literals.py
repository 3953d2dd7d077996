from __future__ import annotations

import pytest

from dialplan.model import Variables
from dialplan.pattern.expansion import expand
from dialplan.pattern.literals import finite, joined, required, union
from dialplan.pattern.parser import parse_pattern

OURS = Variables(domains=("uc.local", "uc.example"))


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r".*@Domain\.com", {"@domain.com"}),
        (r"alice1\.\d+@.*", {"alice1."}),
        (r"(.*)@((?:pod|site)1)\.example\.net(;.*)?", {"@pod1.example.net", "@site1.example.net"}),
        (r"(?!.*@local).*@x\.com", {"@x.com"}),
        (r".*@%localdomains%", {"@uc.local", "@uc.example"}),
        (r"(?:ab)+c", {"ab"}),
        (r"(?:ab)*c?", None),
        (r"[a-z]+\d", None),
        (r"a.*b", None),
        (r".*foo|bar.*", {"foo", "bar"}),
        (r".*foo|.*", None),
        (r"9?1234.*", {"1234", "91234"}),
        (r"%localdomain1%^x", {"uc.localx"}),
    ],
)
def test_required(pattern: str, expected: set[str] | None) -> None:
    assert required(expand(parse_pattern(pattern), OURS)) == (None if expected is None else frozenset(expected))


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("a(b|c)d?", {"ab", "ac", "abd", "acd"}),
        ("[AB]x", {"ax", "bx", "Ax", "Bx"}),
        ("[a-z]", None),
        ("a*", None),
        ("^a", None),
        ("(?:a|b)" * 9, None),
    ],
)
def test_finite(pattern: str, expected: set[str] | None) -> None:
    assert finite(expand(parse_pattern(pattern), OURS)) == (None if expected is None else frozenset(expected))


def test_texts_together() -> None:
    some, others = frozenset({"a", "b"}), frozenset({"c"})
    assert joined(some, others) == {"ac", "bc"}
    assert union([some, others]) == {"a", "b", "c"}
    assert union([some, others], 2) is union([some, None]) is None
