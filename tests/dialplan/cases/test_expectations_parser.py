from __future__ import annotations

import pytest

from dialplan.cases.cases import Expected, ExpectedTarget
from dialplan.cases.expectation_parser import ExpectationError, Expectations
from dialplan.language.fields import FieldError


def test_they_are_collected_in_order() -> None:
    expectations = Expectations()
    for text in (
        'expect rule "R" priority 20 stop',
        'EXPECT zone "a ""b""" continue',
        "expect more",
        'expect searched "s"',
    ):
        expectations.add(text)
    targets = (ExpectedTarget(rule="R", priority=20, stop=True), ExpectedTarget(zone='a "b"', stop=False))
    assert expectations.expected == Expected(targets=targets, more=True, searched="s")


def test_no_match_is_an_empty_list_of_targets() -> None:
    expectations = Expectations()
    expectations.add("expect no match")
    expectations.add("expect no transform")
    assert expectations.expected == Expected(targets=(), transform="")


def test_a_contradiction_is_refused() -> None:
    expectations = Expectations()
    expectations.add("expect more")
    with pytest.raises(FieldError, match="no match beside a target"):
        expectations.add("expect no match")


def test_the_place_of_a_mistake() -> None:
    with pytest.raises(ExpectationError) as caught:
        Expectations().add('expect zone "x" blah')
    assert caught.value.offset == 16
