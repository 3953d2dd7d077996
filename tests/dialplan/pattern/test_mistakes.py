"""Hints about patterns: what they say to write is taken, and means what was meant."""

from __future__ import annotations

import re

import pytest

from dialplan.model import PatternType
from dialplan.pattern.mistakes import MISTAKES
from dialplan.pattern.parser import parse_pattern
from dialplan.pattern.pattern import compile_pattern
from dialplan.syntax import PatternError


def hint_of(text: str) -> str:
    with pytest.raises(PatternError) as caught:
        parse_pattern(text)
    return caught.value.hint


@pytest.mark.parametrize(
    ("text", "meant", "aliases"),
    [
        ("*@msexample.com", r".*@msexample\.com", ["alice@msexample.com"]),
        ("*.@msexample.com", r".*@msexample\.com", ["alice@msexample.com"]),
        ("*.example.com", r".*\.example\.com", ["a.example.com"]),
        ("+49.*", r"\+49.*", ["+4930"]),
        ("?@a.example", r".@a\.example", ["x@a.example"]),
        (r".*@a\.example\b.*", r".*@a\.example([^a-z0-9_].*)?", ["x@a.example", "x@a.example:5061"]),
        (r".*\bexample", r"(.*[^a-z0-9_])?example", ["example", "x@example"]),
    ],
)
def test_the_pattern_in_the_hint_is_what_was_meant(text: str, meant: str, aliases: list[str]) -> None:
    assert f": {meant}" in hint_of(text)
    pattern = compile_pattern(PatternType.REGEX, meant)
    assert all(pattern.match(alias) for alias in aliases)


def test_a_border_of_a_word_keeps_its_meaning() -> None:
    """Against Python's own borders, which are those of PCRE."""
    reference = re.compile(r".*@a\b.*", re.DOTALL | re.ASCII)
    pattern = compile_pattern(PatternType.REGEX, r".*@a([^a-z0-9_].*)?")
    for alias in ("x@a", "x@ab", "x@a.b", "x@a-", "x@a_", "x@a:5061", "@a0", "x@b@a"):
        assert bool(pattern.match(alias)) == bool(reference.fullmatch(alias)), alias


def test_a_file_name_star_offers_a_suffix() -> None:
    assert 'pattern type suffix "@msexample.com"' in hint_of("*@msexample.com")
    assert "suffix" not in hint_of("a|*b")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("(?-i)a", "case never counts"),
        ("(?x) a", "blanks"),
        ("(?m)^a$", "one line"),
        (r"\Bx", "on both sides"),
        (r"a\tb", "the character itself"),
        (r"\bx", "leave it out beside a letter"),
        (r"@\b[ab]", "[^a-z0-9_] for any"),
    ],
)
def test_a_hint_does_not_change_the_meaning(text: str, said: str) -> None:
    assert said in hint_of(text)


def test_every_message_is_told_once() -> None:
    messages = [message for _, message, _ in MISTAKES]
    assert len(messages) == len(set(messages))
