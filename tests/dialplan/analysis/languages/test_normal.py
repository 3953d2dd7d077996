from __future__ import annotations

import pytest
from hypothesis import given
from support.examples import examples
from support.plans import ALIASES, patterns

from dialplan.analysis.languages.language import Language, node_of
from dialplan.analysis.languages.normal import normal
from dialplan.model import PatternType


def of(pattern: str, kind: PatternType = PatternType.REGEX) -> object:
    return normal(node_of(kind, pattern))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("(?:.*)@(?:do)main", ".*@domain"),
        ("(.*)@(a(b)c)", ".*@abc"),
        (".*?@a+?", ".*@a+"),
        ("(a|b)@c", "(?:a|b)@c"),
        ("(?:(?:a))", "a"),
    ],
)
def test_other_brackets_are_the_same_tree(one: str, other: str) -> None:
    assert of(one) == of(other)


def test_plain_patterns_are_as_their_regexes() -> None:
    assert of("95.", PatternType.PREFIX) == of(r"95\..*")
    assert of("@b.example", PatternType.SUFFIX) == of(r".*@b\.example")
    assert of("alice", PatternType.EXACT) == of("alice")


@examples(150)
@given(patterns())
def test_the_language_stays(pattern: tuple[PatternType, str]) -> None:
    node = node_of(*pattern)
    before, after = Language.of_node(node), Language.of_node(normal(node))
    assert all((alias in before) == (alias in after) for alias in ALIASES[:100])
    assert normal(normal(node)) == normal(node)
