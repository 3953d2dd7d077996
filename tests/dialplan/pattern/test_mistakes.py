"""Hints about patterns: what they say to write is taken, and means what was meant."""

from __future__ import annotations

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
    ],
)
def test_the_pattern_in_the_hint_is_what_was_meant(text: str, meant: str, aliases: list[str]) -> None:
    assert f": {meant}" in hint_of(text)
    pattern = compile_pattern(PatternType.REGEX, meant)
    assert all(pattern.match(alias) for alias in aliases)


def test_a_file_name_star_offers_a_suffix() -> None:
    assert 'pattern type suffix "@msexample.com"' in hint_of("*@msexample.com")
    assert "suffix" not in hint_of("a|*b")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("(?-i)a", "case never counts"),
        ("(?x) a", "blanks"),
        (r"a\tb", "the character itself"),
        (r".\b.", "(?!\\w) behind a word"),
        (r"(?!a\b).*", "([^a-z0-9_].*)?$ for \\b.*"),
    ],
)
def test_a_hint_does_not_change_the_meaning(text: str, said: str) -> None:
    assert said in hint_of(text)


def test_every_message_is_told_once() -> None:
    messages = [message for _, message, _ in MISTAKES]
    assert len(messages) == len(set(messages))
