"""Every state of a branch with every input: the table itself, and each of its cells on a real conversation."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest
from support.messages import invite, request
from support.playbook import Call, Leg, Play, Playbook, abandons, answers, arrives, cancels, forwards, responds, waits

from sipedge.proxy.branch import BRANCH_TABLE, BranchAction, BranchInput, BranchState

TIMER_C, CANCEL_WAIT = 181.0, 33.0
"""Seconds after which the timer of an uncancelled, and of a cancelled branch is due (support.settings)."""


def test_every_cell_is_there() -> None:
    assert set(BRANCH_TABLE) == set(product(BranchState, BranchInput))


class Ringing:
    """One INVITE with one branch, brought into a state."""

    def __init__(self, play: Play, state: BranchState) -> None:
        self.leg, self.call = Leg(), Call()
        self.book: Playbook = play() >> arrives(invite(), call=self.call) << responds(100) << forwards(self.leg)
        if state in (BranchState.PROCEEDING, BranchState.CANCEL_SENT):
            self.book >> answers(self.leg, 180) << responds(180)
        if state in (BranchState.CANCEL_WAITS, BranchState.CANCEL_SENT):
            self.book >> arrives(request("CANCEL")) << responds(200)
        if state is BranchState.CANCEL_SENT:
            self.book << cancels(self.leg)

    def give(self, what: BranchInput, state: BranchState) -> None:
        if what is BranchInput.PROVISIONAL:
            self.book >> answers(self.leg, 183)
        elif what is BranchInput.CANCEL:
            self.book >> arrives(request("CANCEL")) << responds(200)
        else:
            self.book >> waits(CANCEL_WAIT if state is BranchState.CANCEL_SENT else TIMER_C)


EXPECTED: dict[BranchAction, Callable[[Ringing], object]] = {
    BranchAction.NOTHING: lambda ringing: None,
    BranchAction.FORWARD: lambda ringing: ringing.book << responds(183, to=ringing.call),
    BranchAction.WITHDRAW: lambda ringing: ringing.book.withdrawn.remove(ringing.leg.branch),
    BranchAction.SEND_CANCEL: lambda ringing: ringing.book << cancels(ringing.leg),
    BranchAction.ABANDON: lambda ringing: ringing.book << abandons(ringing.leg),
}


@pytest.mark.parametrize(("state", "what"), BRANCH_TABLE)
def test_each_cell_on_the_wire(play: Play, state: BranchState, what: BranchInput) -> None:
    ringing = Ringing(play, state)
    following, action = BRANCH_TABLE[state, what]
    ringing.give(what, state)
    EXPECTED[action](ringing)
    if action is BranchAction.ABANDON:  # RFC 3261 16.8: as if 408 had come
        ringing.book << responds(408 if state is BranchState.TRYING else 487, to=ringing.call)
        return
    ringing.book.settle()
    # the state that follows shows in what a further provisional response does
    ringing.book >> answers(ringing.leg, 183)
    EXPECTED[BRANCH_TABLE[following, BranchInput.PROVISIONAL][1]](ringing)
    ringing.book.settle()
