from __future__ import annotations

from support.linting import found, rule, told, transform

ALL = rule("all", 10, ".*", "DNS")


def test_hidden_by_one() -> None:
    text = ALL + rule("one", 20, r".*@a\.example")
    (one,) = found(text, "unreachable")
    assert one.why == (
        'search rule "one" is never reached: "all" (priority 10) stops the search before it; '
        'its requests go to zone "DNS" instead of "A"'
    )
    assert told(text, "unreachable") == [("error", "one", "alice@a.example")]


def test_hidden_by_several_together() -> None:
    text = rule("low", 1, "[0-4].*") + rule("high", 2, "[5-9].*") + rule("digits", 20, r"\d\d", "B")
    (one,) = found(text, "unreachable")
    assert '"low" (priority 1) and "high" (priority 2) stop the search' in one.why


def test_the_same_outcome_is_a_warning() -> None:
    text = rule("all", 10, ".*@.*") + rule("one", 20, r".*@a\.example")
    assert told(text, "unreachable") == [("warning", "one", "alice@a.example")]


def test_an_alias_is_left() -> None:
    text = rule("dotted", 10, r".*\..*", "B") + rule("all", 20, ".*")
    assert found(text, "unreachable") == []


def test_continue_hides_nothing() -> None:
    assert found(ALL.replace("stop", "continue") + rule("one", 20, "a.*"), "unreachable") == []
    assert found(ALL + rule("one", 10, "a.*"), "unreachable") == []


def test_other_conditions_hide_nothing() -> None:
    text = ALL.replace("    mode", "    traffic type standard\n    mode", 1) + rule("one", 20, "a.*")
    assert found(text, "unreachable") == []
    four = "".join(
        rule(f"all {kind}", 10, ".*", "DNS").replace("    mode", f"    traffic type {kind}\n    mode")
        for kind in ("standard", "microsoft sip", "microsoft im and presence")
    )
    assert told(four + rule("one", 20, "a.*"), "unreachable") == [("error", "one", "alice@example.com")]


def test_only_odd_aliases_are_left() -> None:
    text = rule("users", 10, r"[^@]*@a\.example", "B") + rule("all users", 20, r".*@a\.example")
    (one,) = found(text, "unreachable")
    assert "is reached only by aliases such as" in one.why


def test_after_a_transform() -> None:
    moved = transform("t", 1, r"(.*)@old\.example", r"\1@new.example")
    assert told(moved + rule("old", 10, r"[^@]*@old\.example"), "transformed-away") == [("error", "old", None)]
    text = moved + rule("new", 10, r".*@new\.example", "B") + rule("all new", 20, r".*@new\.example")
    assert told(text, "unreachable") == [("error", "all new", "alice@new.example")]
