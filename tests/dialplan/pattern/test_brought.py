"""What an Expressway's own patterns write: taken where it means the same, against Python's re, which is PCRE's kin."""

from __future__ import annotations

import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from dialplan.model import PatternType
from dialplan.pattern.parser import parse_pattern
from dialplan.pattern.pattern import compile_pattern
from dialplan.syntax import PatternError

ALIASES = ["".join(letters) for length in range(1, 6) for letters in product("aB@_", repeat=length)]
"""Letters of both cases, a character of a word that has none, and one that is outside. Without the empty alias, where
Python finds no ``\\B`` until 3.14."""


def agrees(text: str) -> None:
    reference = re.compile(text, re.ASCII | re.IGNORECASE | re.DOTALL)
    pattern = compile_pattern(PatternType.REGEX, text)
    for alias in ALIASES:
        found, expected = pattern.match(alias), reference.fullmatch(alias)
        assert (found is None) == (expected is None), alias
        if found and expected:
            assert found.groups[1:] == tuple(group or "" for group in expected.groups()), alias


@pytest.mark.parametrize(
    "text",
    [
        r".*@a\b.*",
        r".*\ba",
        r"\ba.*",
        r".*a\b",
        r"\b.*",
        r".*\b",
        r".*@\b.*",
        r"a\b@b",
        r"a\bb",
        r".*a\B.*",
        r".*\Ba.*",
        r"\B@.*",
        r".*\B",
        r"(a|b)+\b.*",
        r"(.*)\b(a+)",
        r"(a?)\b@(.*)",
        r"@?\ba.*",
        r".*[^a_]?\b@",
        r"(@\ba)*.*",
        r"(?:\ba|b@)+",
        r"^\ba\b$|.*@\b",
        r".*\d?\b@.*",
        r"\w+\b.@\b\w*",
        r".*\b(?!b)\w.*",
    ],
)
def test_a_border_of_a_word(text: str) -> None:
    agrees(text)


PIECES = st.sampled_from(["a", "@", "_", ".*", ".", "[ab]+", "[^a]", r"\w?", r"\W*", "(a|@b)", "(?:b@)?", r"\b", r"\B"])


@given(st.lists(PIECES, min_size=1, max_size=5).filter(lambda pieces: r"\b" in pieces or r"\B" in pieces))
@examples(150)
def test_a_border_anywhere_is_taken_for_what_it_means_or_refused(pieces: list[str]) -> None:
    try:
        parse_pattern("".join(pieces))
    except PatternError:
        return
    agrees("".join(pieces))


@pytest.mark.parametrize("text", [r"(?P<user>a+)@(?P<host>.*)", r"(?P<u>a)(b)(?P<h>@)?", r"(?P<_1>.*)@"])
def test_a_named_group_is_one_by_its_number(text: str) -> None:
    agrees(text)


@pytest.mark.parametrize("opened", ["?<user>", "?'user'"])
def test_a_named_group_has_other_spellings(opened: str) -> None:
    assert parse_pattern(f"({opened}a+)@") == parse_pattern("(?P<user>a+)@") == parse_pattern("(a+)@")


@pytest.mark.parametrize("text", [r"(?-i:[_@]+).*", r"(?-i:\w+@).*", r"(?i-s:a)b", r"(?-i:[^@a-zA-Z])@", r"(?im)^a@$"])
def test_a_flag_that_changes_nothing(text: str) -> None:
    agrees(text)


@pytest.mark.parametrize("text", [r"(?-i)\d+@.*", r"a(?-i)[_@]", "(?-i)", r"(?-i)(?!\d).*", r"(?-m)a"])
def test_a_flag_for_all_that_follows(text: str) -> None:
    without = re.sub(r"\(\?-[im]\)", "", text)
    pattern, plain = (compile_pattern(PatternType.REGEX, one) for one in (text, without))
    assert all((pattern.match(alias) is None) == (plain.match(alias) is None) for alias in ALIASES)


@pytest.mark.parametrize(
    "text", ["(?-i)a", "1(?-i)[a-z]", "(?-i:[^a])", "(?-i)%localdomain1%", "(?-i)1|(?!a)", "(?s-i)a"]
)
def test_where_case_would_count_it_is_refused(text: str) -> None:
    with pytest.raises(PatternError) as caught:
        parse_pattern(text)
    assert (caught.value.offset, caught.value.message) == (text.find("(?"), "a flag that makes case count")
