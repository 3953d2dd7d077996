from __future__ import annotations

from support.plans import compiled
from support.running_edge import rule

from dialplan.model import Query
from sipedge.history.wish import Asked, Key
from sipedge.review import recorded as room
from sipedge.review.recorded import Tally, recorded

RULE = rule("out", r".*@far\.example", "far")


def test_a_shadow_says_of_each_decision_whether_it_differs() -> None:
    tally = Tally(compiled(RULE), compiled(RULE + rule("more", r"x.*@far\.example", "other", priority=5)))
    assert tally.add(Query("xy@far.example", "near"), "")
    assert not tally.add(Query("y@far.example", "near"), "")
    assert tally.to_json()["requests"] == 2 and tally.to_json()["changed"] == 1


def test_a_second_alias_narrows_what_a_rule_may_lead_to() -> None:
    tally = Tally(compiled(RULE), compiled(RULE + rule("too", r"edge\.example", "far")))
    assert not tally.add(Query("edge.example", "near"), "x@nowhere.example")
    assert tally.add(Query("edge.example", "near"), "x@far.example")


def test_a_history_that_is_too_long_is_tried_from_its_newest_on() -> None:
    asked = [Asked(Query(f"a{number}@far.example", "near"), "", 2, Key(1, 1), "MESSAGE") for number in range(5)]
    plans = compiled(RULE), compiled("")
    some, all_of_them = recorded(*plans, asked, 3), recorded(*plans, asked, 5)
    assert (some["requests"], some["whole"]) == (6, False) and (all_of_them["requests"], all_of_them["whole"]) == (
        10,
        True,
    )


def test_groups_do_not_grow_without_end() -> None:
    rules = "".join(rule(f"r{number}", rf"a{number}@far\.example", "far", number + 1) for number in range(300))
    tally = Tally(compiled(""), compiled(rules))
    for number in range(300):
        tally.add(Query(f"a{number}@far.example", "near"), "")
    groups = tally.to_json()["groups"]
    assert len(groups) == room.MOST_GROUPS + 1 and sum(group["requests"] for group in groups) == 300
    assert groups[0]["old"] == "other rules"
