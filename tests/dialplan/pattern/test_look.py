from __future__ import annotations

from itertools import product

import pytest

from dialplan.model import PatternType, Variables
from dialplan.pattern.expansion import expand
from dialplan.pattern.look import conditions_of, marked, marks_of
from dialplan.pattern.parser import parse_pattern
from dialplan.pattern.pattern import compile_pattern
from dialplan.syntax import Node, PatternError, has_look


def tree(pattern: str) -> Node:
    return expand(parse_pattern(pattern), Variables())


@pytest.mark.parametrize(
    ("pattern", "places"),
    [
        (r"(?!alice).*", [(True, 0)]),
        (r".*(?<!net)", [(False, 0)]),
        (r"\d\d(?!0).*", [(True, 2)]),
        (r".*(?=b)..", [(False, 2)]),
        (r"((?!a)(?!b).*)@x", [(True, 0), (True, 0)]),
        (r"^(?!a).*$", [(True, 0)]),
    ],
)
def test_fixed_places(pattern: str, places: list[tuple[bool, int]]) -> None:
    rest, conditions = conditions_of(tree(pattern))
    assert [(one.from_start, one.offset) for one in conditions] == places
    assert not has_look(rest)


@pytest.mark.parametrize(
    ("pattern", "alias", "expected"),
    [
        (r".*(?=ab).*", "xabab", "x1ab1ab"),
        (r".*(?!ab).*", "xab", "1xa1b1"),
        (r".*(?=b$).*", "bb", "b1b"),
        (r".*(?=.*b).*", "abba", "1a1b1ba"),
        (r".*(?=.*b$).*", "ab", "1a1b"),
        (r".*(?=ab.*$).*", "xab", "x1ab"),
        (r".*(?<=b).*", "abb", "ab1b1"),
        (r".*(?<=^b).*", "bb", "b1b"),
        (r".*(?<=b.*).*", "abc", "ab1c1"),
        (r".*(?<!b|c).*", "abc", "1a1bc"),
        (r".*(?=a$|b$).*", "aba", "ab1a"),
        (r".*(?=a$|b).*", "aba", "a1b1a"),
        (r".*(?!a$|.*b$).*", "ab", "ab1"),
        (r".*(?=x(?:a$|b.*)).*", "xbxa", "1xb1xa"),
        (r".*(?=(a$|b$)).*", "aa", "a1a"),
    ],
)
def test_marks(pattern: str, alias: str, expected: str) -> None:
    marks = marks_of(tree(pattern))
    (mark,) = marks.values()
    assert marked(alias, marks.values()).replace(chr(mark.code_point), "1") == expected


@pytest.mark.parametrize(
    ("pattern", "same"),
    [
        (r"^((?!x).)*$", r"((?!x).)*"),
        (r"^.*(?!x)$|^a", r".*(?!x)|a"),
        (r"(?:^(?!a).*(?<!b|ab)$)", r"(?:(?!a).*(?<!b|ab))"),
        (r"(^.*@(?!x).*$)", r"(.*@(?!x).*)"),
        (r".*@(?!a$|b$).*", r".*@(?!(?:a|b)$).*"),
        (r".*@(?!a$|b.*).*", r".*@(?!a$)(?!b).*"),
        (r".*@(?=a$|b).*", r".*@(?:(?=a$)|(?=b)).*"),
    ],
)
def test_equal_forms_match_the_same(pattern: str, same: str) -> None:
    both = compile_pattern(PatternType.REGEX, pattern), compile_pattern(PatternType.REGEX, same)
    for length in range(6):
        for alias in map("".join, product("abx@", repeat=length)):
            first, second = both[0].match(alias), both[1].match(alias)
            assert (first and first.groups) == (second and second.groups), alias


@pytest.mark.parametrize(
    "pattern",
    [
        r".*(?!a+b).*",
        r".*(?!(?!a)b).*",
        r"(?!(?!a)b).*",
        r"(?!^a).*",
        r".*(?<!a$)",
        r"(?:(?!a)x*)*",
        r"(?:(?!a)(?!b)x)*",
        r"(?:.*(?!a)b$|c).*x",
    ],
)
def test_refused(pattern: str) -> None:
    with pytest.raises(PatternError) as caught:
        marks_of(conditions_of(tree(pattern))[0])
    assert caught.value.hint
