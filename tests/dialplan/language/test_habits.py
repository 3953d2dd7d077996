"""Habits from other languages: one mistake, its cause, at its place."""

from __future__ import annotations

import pytest

from dialplan.language.habits import habit, habit_in_value
from dialplan.language.parser import parse_dialplan
from dialplan.problem import DialplanError

RULE = r"""search rule "r" {
    priority 20
    source zone "A"
    mode alias pattern match
    pattern type regex
    pattern ".*@a\.example"
    behavior leave
    target zone "B"
}
"""


@pytest.mark.parametrize(
    ("old", "new", "place", "message", "hint"),
    [
        ("search rule", "// first\nsearch rule", "1:1", "// begins no comment", "# begins a comment"),
        ("leave", "leave // why", "7:20", "behavior: // begins no comment", "# begins a comment"),
        ("    priority 20", "    // why\n    priority 20", "2:5", "// begins no comment", "# begins a comment"),
        ("priority 20", "priority = 20", "2:14", "priority: a = between a field and its value", "leave the = out"),
        ("priority 20", "priority: 20", "2:13", "a : between a field and its value", "leave the : out"),
        ('pattern ".', 'pattern = ".', "6:13", "a = between a field and its value", "leave the = out"),
        ("priority 20", "priority 20,", "2:16", "priority: a , behind the value", "leave it out"),
        (
            "priority 20",
            "priority 20 traffic type standard",
            "2:17",
            "priority: traffic type on the same line",
            "write one field on each line",
        ),
        ('"A"', '"A", zone "C"', "3:20", "a second zone", "write a second rule for the other zone"),
        ('zone "B"', "reject", "8:12", 'target: "reject" is not a target', "let a rule that says stop match"),
        ('".*@a\\.example"', "“.*@a”", "6:13", "a typographic quote “", "write straight quotes"),
        ('".*@a\\.example"', "'.*@a'", "6:13", "text in single quotes", "write double quotes"),
        ('".*@a\\.example"', ".*@a", "6:13", "pattern takes text in quotes", 'write: pattern "..."'),
        ('example"', "example", "6:13", "a string without end", 'close it with "'),
        ('rule "r"', "rule “r”", "1:13", "a typographic quote “", "write straight quotes"),
        ("leave", "remain", "7:14", 'behavior: "remain" is not among the values', "write strip, leave or replace"),
    ],
)
def test_the_cause_is_told_and_nothing_else(old: str, new: str, place: str, message: str, hint: str) -> None:
    with pytest.raises(DialplanError) as caught:
        parse_dialplan(RULE.replace(old, new, 1), "f")
    (one,) = caught.value.problems
    assert (str(one.location), one.message) == (f"f:{place}", message)
    assert hint in one.hint


def test_what_is_no_habit_is_left_to_others() -> None:
    assert habit("prioriti 3") is None
    assert habit('pattern "“"') is None
    assert habit_in_value("priority", "many") is None
