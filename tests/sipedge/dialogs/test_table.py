"""The table of dialogs: who finds which leg, and when something is due."""

from __future__ import annotations

from sipedge.dialogs.dialog import MOST_FORKS, Dialog, Leg
from sipedge.dialogs.table import Dialogs


def a_call(name: str) -> Dialog:
    near = Leg("Inside", "Inside", f"{name}-near", f"{name}-1", "caller", target="sip:caller@near.example")
    far = Leg("Outside", "Outside", f"{name}-far", f"{name}-2", "callee", target="sip:callee@far.example")
    return Dialog(near, far, "<sip:caller@near.example>", "<sip:callee@far.example>")


def test_a_contact_is_for_the_side_that_was_shown_it() -> None:
    dialogs, call = Dialogs(), a_call("x")
    dialogs.add(call)
    assert dialogs.by_contact("x-1", "Inside") is call.far
    assert dialogs.by_contact("x-2", "Outside") is call.near
    assert dialogs.by_contact("x-1", "Outside") is None and dialogs.by_contact("y", "Inside") is None


def test_a_dialog_is_named_tag_for_tag() -> None:
    dialogs = Dialogs()
    dialogs.add(a_call("x"))
    assert dialogs.renamed(("x-near", "x-1", "caller"), "Inside") == ("x-far", "callee", "x-2")
    assert dialogs.renamed(("x-near", "caller", "x-1"), "Inside") == ("x-far", "x-2", "callee")
    for wrong in (("x-far", "x-1", "caller"), ("x-near", "x-1", "callee"), ("x-near", "y", "caller")):
        assert dialogs.renamed(wrong, "Inside") is None
    assert dialogs.renamed(("x-near", "x-1", "caller"), "Outside") is None


def test_what_is_due_comes_once_and_in_its_order() -> None:
    dialogs, one, two = Dialogs(), a_call("one"), a_call("two")
    for call, when in ((one, 20.0), (two, 10.0), (one, 5.0)):
        dialogs.add(call)
        call.patience = when
        dialogs.schedule(call)
    assert dialogs.next_deadline() == 5.0
    assert dialogs.due(4.0) is None
    assert [dialogs.due(30.0) for _ in range(3)] == [one, two, None]


def test_what_is_removed_is_due_no_more() -> None:
    dialogs, call = Dialogs(), a_call("x")
    dialogs.add(call)
    call.patience = 5.0
    dialogs.schedule(call)
    dialogs.remove(call)
    assert (len(dialogs), dialogs.next_deadline()) == (0, None)


def test_early_legs_of_one_invite_are_bounded() -> None:
    call = a_call("x")
    legs = [call.fork(str(number), "Outside", "Outside") for number in range(MOST_FORKS + 1)]
    assert legs[-1] is None and all(legs[:-1])
    assert call.fork("0", "Outside", "Outside") is legs[0]


def test_requests_of_the_edge_keep_numbers_growing() -> None:
    call = a_call("x")
    assert [call.far.number(theirs, "INFO") for theirs in (1, 2)] == [1, 2]
    call.near.received = 2
    assert call.far.own_number(call.near) == 3
    assert call.far.number(3, "INVITE") == 4
    assert call.far.number(3, "ACK") == 4
