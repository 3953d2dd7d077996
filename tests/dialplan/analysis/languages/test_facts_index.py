from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.plans import patterns

from dialplan.analysis.languages.facts import NO_FACTS, Facts, facts_of
from dialplan.analysis.languages.facts_index import FactsIndex, places_of
from dialplan.analysis.languages.language import node_of
from dialplan.model import PatternType


def of(pattern: str) -> Facts:
    return facts_of(node_of(PatternType.REGEX, pattern))


def near(asked: Facts, *others: Facts, one_at: bool = True) -> list[int]:
    return list(places_of(FactsIndex(others).near(asked, one_at)))


def test_texts_at_both_ends_and_around_the_at() -> None:
    others = [of("alice@a.*"), of("ali.*"), of("bob.*"), of(".*@a"), of(".*@b"), NO_FACTS]
    assert near(of("alice.*"), *others) == [0, 1, 3, 4, 5]
    assert near(of(r".*@a"), *others) == [0, 1, 2, 3, 5]
    assert near(of(r".*alice@b.*"), *others) == [1, 2, 4, 5]
    assert near(of(r".*alice@b.*"), *others, one_at=False) == [0, 1, 2, 3, 4, 5]
    assert near(NO_FACTS, *others) == [0, 1, 2, 3, 4, 5]


def test_places_ascend() -> None:
    assert list(places_of(0)) == []
    assert list(places_of(1 << 100 | 0b1011)) == [0, 1, 3, 100]


@examples(200)
@given(st.lists(patterns(), min_size=1, max_size=12), patterns(), st.booleans())
def test_nothing_near_is_left_out(many: list[tuple[PatternType, str]], one: tuple[PatternType, str], at: bool) -> None:
    facts = [facts_of(node_of(*each)) for each in many]
    asked = facts_of(node_of(*one))
    together = {place for place, each in enumerate(facts) if not each.apart(asked, at)}
    assert together <= set(near(asked, *facts, one_at=at))
