from __future__ import annotations

import pytest

from dialplan.model import Variables
from dialplan.pattern.engine import Plain, Regex, plain_of
from dialplan.pattern.expansion import expand
from dialplan.pattern.parser import parse_pattern
from dialplan.syntax import Node, PatternError


def tree(pattern: str) -> Node:
    return expand(parse_pattern(pattern), Variables())


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"abc", Plain(("abc",))),
        (r"^(a|b)c$", Plain(("ac", "bc"))),
        (r".*@x\.com", Plain(("@x.com",), open_start=True)),
        (r"(.*)(@x)", Plain(("@x",), open_start=True)),
        (r"9.*", Plain(("9",), open_end=True)),
        (r".*x.*", Plain(("x",), True, True)),
        (r".*", Plain(("",), open_start=True)),
        (r".*x.*y", None),
        (r"a+", None),
        (r"a^b", None),
    ],
)
def test_plain_patterns(pattern: str, expected: Plain | None) -> None:
    assert plain_of(tree(pattern)) == expected


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("a|b", ["a", "b"], ["", "ab"]),
        (".*(a|b)", ["xa", "b"], ["ac"]),
        ("(a|b).*", ["ax", "b"], ["xa"]),
        (".*(a|bc).*", ["xbcx", "a"], ["xb"]),
        (".*", ["", "x"], []),
        ("(?!a).*|ab", ["ab", "b"], ["ac"]),
    ],
)
def test_tests(pattern: str, yes: list[str], no: list[str]) -> None:
    test = Regex(tree(pattern)).test
    assert [test(one) for one in yes] == [True] * len(yes)
    assert [test(one) for one in no] == [False] * len(no)


def test_too_large_for_re2() -> None:
    many = Variables(domains=tuple(f"{number}.{'x' * 200}" for number in range(200)))
    with pytest.raises(PatternError, match="too large"):
        Regex(expand(parse_pattern("(?:%localdomains%){500}"), many))
