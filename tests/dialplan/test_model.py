from __future__ import annotations

from dialplan.model import DEFAULT_ZONE, LOCAL_ZONE, Dialplan, Location, Mode, SearchRule, Transform
from zones import zone


def test_the_built_in_zones_have_the_same_names_everywhere() -> None:
    assert (DEFAULT_ZONE, LOCAL_ZONE) == (zone.DEFAULT_ZONE, zone.LOCAL_ZONE)


def test_where_a_rule_is_written_is_not_what_it_is() -> None:
    assert SearchRule(name="a", location=Location("f", 1, 1)) == SearchRule(name="a", places={"x": Location()})


def test_plans_are_joined_in_order() -> None:
    one = Dialplan((Transform(name="t"),), (SearchRule(name="a"),), {"one": "1"})
    two = Dialplan((), (SearchRule(name="b"),), {"two": "2"})
    whole = one + two
    assert [rule.name for rule in whole.rules] == ["a", "b"]
    assert whole.sources == {"one": "1", "two": "2"}


def test_only_one_mode_looks_at_the_pattern() -> None:
    entries = Dialplan((Transform(name="t"),), tuple(SearchRule(name=mode.value, mode=mode) for mode in Mode)).entries
    assert [entry.name for entry in entries if entry.uses_pattern] == ["t", "alias pattern match"]
