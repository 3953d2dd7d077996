"""Reliable provisional responses to a caller: the table, and numbers, pauses and bounds."""

from __future__ import annotations

from itertools import product

import pytest
from support.messages import answer_to, request

from sipedge.dialogs.ringing.provisional import (
    MOST_WAITING,
    PATIENCE,
    RING_TABLE,
    T1,
    RingAction,
    Ringing,
    RingInput,
    RingState,
)
from sipedge.sip.message import Message

INVITE = request("INVITE", cseq="7 INVITE")
CONTACT = "<sip:bob@phone.example>"


def rings(status: int = 180, tag: str = "bob", contact: str = CONTACT) -> Message:
    return answer_to(INVITE, status, tag=tag, contact=contact)


def prack(rack: str, body: bytes = b"") -> Message:
    return request("PRACK", cseq="8 PRACK", extra=(f"RAck: {rack}",), body=body)


def unacknowledged(is_answer: bool = False) -> Ringing:
    ringing = Ringing(40, 1, 7)
    assert ringing.passes("b", rings(), is_answer, 100.0)
    ringing.sent = rings()
    return ringing


def test_every_cell_is_there() -> None:
    assert set(RING_TABLE) == set(product(RingState, RingInput))


def test_a_response_is_repeated_with_pauses_that_double_and_is_given_up_after_64_t1() -> None:
    ringing, seen = unacknowledged(), []
    while ringing.when:
        now = ringing.when
        assert ringing.due(now - 0.01) is RingAction.NOTHING
        seen.append((now - 100.0, ringing.due(now)))
    assert [when for when, action in seen if action is RingAction.REPEAT] == [T1 * (2**n - 1) for n in range(1, 7)]
    assert seen[-1] == (PATIENCE, RingAction.GIVE_UP)


def test_responses_follow_one_after_the_other_with_their_numbers() -> None:
    ringing = unacknowledged()
    assert ringing.number == 41
    assert not ringing.passes("b", rings(183), True, 101.0)
    assert ringing.acknowledged(prack("41 7 INVITE"), False, 102.0) == 200
    assert ringing.due(102.0) is RingAction.NEXT
    branch, waited = ringing.waiting.popleft()
    assert ringing.passes(branch, waited, True, 102.0)
    assert ringing.lines(waited) == ("Require: 100rel", "RSeq: 42")


@pytest.mark.parametrize("rack", ["40 7 INVITE", "42 7 INVITE", "41 8 INVITE", "41 7 UPDATE", "41", ""])
def test_a_prack_for_something_else_acknowledges_nothing(rack: str) -> None:
    ringing = unacknowledged()
    assert ringing.acknowledged(prack(rack), False, 101.0) == 481
    assert ringing.state is RingState.RINGING


def test_the_same_prack_again_is_for_nothing() -> None:
    ringing = unacknowledged()
    assert [ringing.acknowledged(prack("41 7 INVITE"), False, 101.0) for _ in range(2)] == [200, 481]


def test_an_offer_in_a_prack_is_refused_but_acknowledges() -> None:
    ringing = unacknowledged(is_answer=True)
    assert ringing.acknowledged(prack("41 7 INVITE", b"v=0\r\n"), False, 101.0) == 488
    assert ringing.state is RingState.QUIET


def test_a_prack_that_a_callee_waits_for_goes_on() -> None:
    ringing = unacknowledged(is_answer=True)
    assert ringing.acknowledged(prack("42 7 INVITE", b"v=0\r\n"), True, 101.0) == 481
    assert ringing.acknowledged(prack("41 7 INVITE", b"v=0\r\n"), True, 101.0) == 0
    assert ringing.state is RingState.QUIET


@pytest.mark.parametrize("is_answer", [True, False])
def test_a_2xx_waits_behind_an_answer_only(is_answer: bool) -> None:
    ringing = unacknowledged(is_answer)
    assert ringing.passes("b", rings(200), True, 101.0) is not is_answer
    assert ringing.acknowledged(prack("41 7 INVITE"), False, 102.0) == 200
    if is_answer:
        assert ringing.due(102.0) is RingAction.NEXT and [item.status for _, item in ringing.waiting] == [200]
    assert ringing.passes("b", rings(200), True, 102.0)


def test_a_2xx_that_waits_goes_out_where_the_caller_cancels() -> None:
    ringing = unacknowledged(is_answer=True)
    assert not ringing.passes("b", rings(200), True, 101.0)
    ringing.cancelled(101.0)
    assert ringing.due(101.0) is RingAction.NEXT


def test_a_cancel_ends_what_waits() -> None:
    ringing = unacknowledged()
    ringing.passes("b", rings(183), False, 101.0)
    ringing.cancelled(101.0)
    assert ringing.when == 0.0 and ringing.passes("b", rings(183), False, 102.0) and not ringing.lines(rings(183))


def test_no_more_wait_than_are_allowed() -> None:
    ringing = unacknowledged()
    for number in range(MOST_WAITING + 3):
        ringing.passes(str(number), rings(183), False, 101.0)
    assert [branch for branch, _ in ringing.waiting][0] == "3" and len(ringing.waiting) == MOST_WAITING


def test_what_begins_no_dialog_or_is_another_callees_answer_is_not_reliable() -> None:
    ringing = unacknowledged(is_answer=True)
    number, other = ringing.number, rings(183, tag="carol")
    assert ringing.passes("b", rings(contact=""), False, 101.0) and ringing.passes("c", other, True, 101.0)
    assert ringing.number == number and not ringing.lines(other)
