from __future__ import annotations

from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from dialplan.language.moves import NoRoom, moved
from dialplan.model import Entry, SearchRule


def _rules(*priorities: int) -> list[SearchRule]:
    return [SearchRule(name=str(number), priority=each) for number, each in enumerate(priorities)]


def _moved(rules: list[SearchRule], place: int, up: bool) -> list[int]:
    changes = {old.name: new for old, new in moved(rules, rules[place], up)}
    return [changes.get(each.name, each).priority for each in rules]


def _order(entries: list[Entry]) -> list[list[str]]:
    """Names of each priority."""
    ordered = sorted(entries, key=lambda each: each.priority)
    return [[each.name for each in tier] for _, tier in groupby(ordered, key=lambda each: each.priority)]


def test_an_entry_alone_changes_places_with_the_next_ones() -> None:
    assert _moved(_rules(10, 20, 20, 30), 3, True) == [10, 30, 30, 20]
    assert _moved(_rules(10, 20, 20, 30), 0, False) == [20, 10, 10, 30]


def test_one_of_several_leaves_the_others() -> None:
    assert _moved(_rules(10, 20, 20), 1, True) == [10, 19, 20]
    assert _moved(_rules(10, 20, 20), 1, False) == [10, 21, 20]


@pytest.mark.parametrize(
    ("priorities", "place", "up", "words"),
    [
        ((10, 20), 0, True, '"0" is the first already'),
        ((10, 20), 1, False, '"1" is the last already'),
        ((19, 20, 20), 1, True, 'there is no number for "1" before 20'),
        ((1, 1), 1, True, 'there is no number for "1" before 1'),
        ((65534, 65534), 1, False, 'there is no number for "1" behind 65534'),
    ],
)
def test_where_there_is_no_place_it_says_so(priorities: tuple[int, ...], place: int, up: bool, words: str) -> None:
    with pytest.raises(NoRoom, match=words):
        moved(_rules(*priorities), _rules(*priorities)[place], up)


@examples(100)
@given(st.lists(st.integers(1, 9), min_size=1), st.data(), st.booleans())
def test_the_order_of_all_others_stays_and_the_way_back_is_the_same(
    priorities: list[int], data: st.DataObject, up: bool
) -> None:
    rules = _rules(*priorities)
    place = data.draw(st.integers(0, len(rules) - 1))
    try:
        after = _moved(rules, place, up)
    except NoRoom:
        return
    others = [rule for rule in rules if rule is not rules[place]]
    others_after = [each for each in _rules(*after) if each.name != rules[place].name]
    assert _order([*others]) == _order([*others_after])
    before, now = _order([*rules]), _order([*_rules(*after)])
    where = [next(at for at, tier in enumerate(order) if str(place) in tier) for order in (before, now)]
    assert before != now and (where[1] <= where[0] if up else where[1] >= where[0])
    if priorities.count(priorities[place]) == 1:
        assert _moved(_rules(*after), place, not up) == priorities
