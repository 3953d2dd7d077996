from __future__ import annotations

import pytest
from hypothesis import given
from support.examples import examples
from support.plans import patterns

from dialplan.analysis.languages.facts import Facts, facts_of, facts_of_language
from dialplan.analysis.languages.language import Language, node_of
from dialplan.model import PatternType


def of(pattern: str) -> Facts:
    return facts_of(node_of(PatternType.REGEX, pattern))


def test_what_is_plain_to_see() -> None:
    found = of(r"alice.*@(a|b)\.example")
    assert (found.prefixes, found.suffixes) == ({"alice"}, {"@a.example", "@b.example"})
    assert found.around_at == {"@a.example", "@b.example"}
    assert found.exact is None
    assert of("alice@a").exact == {"alice@a"}
    assert of(".*").prefixes == of(".*").suffixes == {""}


@pytest.mark.parametrize(
    ("one", "other", "apart", "with_one_at"),
    [
        (r".*@a\.example", r".*@b\.example", True, True),
        (r".*@a\.example.*", r".*@b\.example.*", False, True),
        (r".*@a\.example.*", r".*@a\.example\.com.*", False, False),
        ("alice.*", ".*bob", False, False),
        ("alice.*", "bob.*", True, True),
        ("a|b", "c|d", True, True),
        (".*", "alice", False, False),
    ],
)
def test_apart(one: str, other: str, apart: bool, with_one_at: bool) -> None:
    assert of(one).apart(of(other)) == of(other).apart(of(one)) == apart
    assert of(one).apart(of(other), one_at=True) == with_one_at


@examples(200)
@given(patterns(), patterns())
def test_apart_is_never_wrong(one: tuple[PatternType, str], other: tuple[PatternType, str]) -> None:
    if facts_of(node_of(*one)).apart(facts_of(node_of(*other))):
        assert not Language.of(*one).meets(Language.of(*other))


def test_of_a_language_its_beginning() -> None:
    (facts,) = facts_of_language(Language.of(PatternType.REGEX, r"alice\d+@.*"))
    assert facts.prefixes == {"alice"}
    assert facts_of_language(Language.everything()) == facts_of_language(Language.nothing()) == ()


def test_an_optional_tail_is_there_or_not() -> None:
    assert of(r".*@a\.example(;x=.+;y)?").suffixes == {"@a.example", ";y"}
    assert of(r".*@a\.example(;x=.+;y)?").apart(of(r".*@b\.example"))
    assert not of(r".*@a\.example(;.*)?").apart(of(r".*@b\.example"))


def test_of_a_language_all_that_its_trees_say() -> None:
    both = Language.of(PatternType.PREFIX, "alice") & Language.of(PatternType.SUFFIX, "@b.example")
    assert {(each.prefixes, each.suffixes) for each in facts_of_language(both)} == {
        (frozenset({"alice"}), frozenset({""})),
        (frozenset({""}), frozenset({"@b.example"})),
    }
