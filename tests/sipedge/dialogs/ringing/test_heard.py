"""Numbers of reliable responses that a caller hears of several callees."""

from __future__ import annotations

import pytest

from sipedge.dialogs.ringing.heard import MOST, Heard, Response, rack, translated


def test_those_of_the_only_callee_keep_theirs() -> None:
    heard = Heard()
    assert [heard.number(number, 1, Response("bob", rack(number, 3))) for number in (7, 8, 9)] == [7, 8, 9]
    assert heard.of(" 8  1 INVITE ") == ("bob", "8 3 INVITE")


def test_those_of_a_second_one_come_behind_and_keep_theirs_when_repeated() -> None:
    heard = Heard()
    told = [heard.number(number, 1, Response(tag, rack(number, 1))) for tag, number in (("one", 7), ("two", 900))]
    again = [heard.number(number, 1, Response(tag, rack(number, 1))) for tag, number in (("two", 900), ("one", 7))]
    assert told == [7, 8] == again[::-1]
    assert heard.of("8 1 INVITE") == ("two", "900 1 INVITE")


def test_what_nobody_was_told_is_not_known() -> None:
    heard = Heard()
    heard.number(7, 1, Response("bob", rack(7, 1)))
    assert [heard.of(text) for text in ("8 1 INVITE", "7 2 INVITE", "7 1 UPDATE", "7", "")] == [None] * 5


def test_no_more_are_remembered_than_are_allowed() -> None:
    heard = Heard()
    for number in range(1, MOST + 3):
        heard.number(number, 1, Response("bob", rack(number, 1)))
    assert len(heard.responses) == MOST and heard.of("2 1 INVITE") is None


@pytest.mark.parametrize(
    ("written", "read"),
    [("4 2 INVITE", "4 5 INVITE"), ("4 3 INVITE", "4 3 INVITE"), ("4 2 UPDATE", "4 2 UPDATE"), ("", ""), ("x", "x")],
)
def test_the_number_of_the_invite_is_that_of_each_leg(written: str, read: str) -> None:
    assert translated(written, (2, 5)) == read
