from __future__ import annotations

from dialplan.model import Dialplan, Location, SearchRule, Transform
from dialplan.search.uniqueness import unique_names, unique_priorities


def test_names_across_files() -> None:
    rules = (SearchRule(name="A", location=Location("one", 4, 1)), SearchRule(name="a", location=Location("two", 7, 1)))
    (problem,) = unique_names(Dialplan((), rules, {"two": "\n" * 6 + "here"}))
    assert (str(problem.location), problem.source_line) == ("two:7:1", "here")
    assert "one:4:1" in problem.hint


def test_a_rule_and_a_transform_may_share_a_name_and_rules_a_priority() -> None:
    plan = Dialplan((Transform(name="a"),), (SearchRule(name="a"), SearchRule(name="b")))
    assert unique_names(plan) == unique_priorities(plan) == []


def test_transforms_need_priorities_of_their_own() -> None:
    assert len(unique_priorities(Dialplan((Transform(name="a"), Transform(name="b")), ()))) == 1
