from __future__ import annotations

from zones.access import decide
from zones.zone import AccessAction, AccessRule


def rule(
    name: str, priority: int, host: str, action: AccessAction = AccessAction.ALLOW, enabled: bool = True
) -> AccessRule:
    return AccessRule(name, priority, lambda presented: presented == host, action, enabled)


def test_no_rules_allow_everybody() -> None:
    assert decide((), ()) == (True, None)
    assert decide((), ("a.example",)) == (True, None)


def test_rules_of_which_none_matches_deny() -> None:
    assert decide((rule("one", 1, "a.example"),), ("b.example",)) == (False, None)
    assert decide((rule("one", 1, "a.example"),), ()) == (False, None)


def test_the_lowest_priority_decides() -> None:
    rules = (rule("late", 20, "a.example"), rule("early", 10, "a.example", AccessAction.DENY))
    assert decide(rules, ("a.example",)) == (False, "early")
    assert decide(rules[:1], ("a.example",)) == (True, "late")


def test_equal_priorities_keep_their_order() -> None:
    rules = (rule("first", 10, "a.example"), rule("second", 10, "a.example", AccessAction.DENY))
    assert decide(rules, ("a.example",)) == (True, "first")
    assert decide(rules[::-1], ("a.example",)) == (False, "second")


def test_a_rule_looks_at_every_name_before_the_next_rule_does() -> None:
    rules = (rule("deny b", 1, "b.example", AccessAction.DENY), rule("allow a", 2, "a.example"))
    assert decide(rules, ("a.example", "b.example")) == (False, "deny b")


def test_a_rule_that_is_switched_off_does_not_match_but_keeps_the_door_shut() -> None:
    rules = (rule("off", 1, "a.example", enabled=False),)
    assert decide(rules, ("a.example",)) == (False, None)
