"""A call that one worker gives up and another one goes on with, and one that is busy."""

from __future__ import annotations

import pickle

from support.b2bua import Conversation, b2bua, called, talking
from support.playbook import Leg, Play, Playbook, arrives, forwards

from sipedge.proxy.commands import CallGiven
from sipedge.proxy.events import CallMoved, CallWanted

SETTINGS = b2bua(journal="journal")


def given(call: Conversation, tag: str = "") -> CallGiven:
    """What another worker gets that asks for a call by one of the edge's tags."""
    tag = tag or call.caller.remote_tag
    call.book >> CallWanted(tag, 3)
    (command,) = call.book.drain()
    assert isinstance(command, CallGiven) and (command.asker, command.tag) == (3, tag)
    return command


def test_a_call_goes_on_where_it_was_moved_to(play: Play) -> None:
    call = talking(play(SETTINGS))
    call.passes(call.caller, "INFO")
    for tag in (call.caller.remote_tag, call.callee.remote_tag):
        before, moved = call.book, given(call, tag)
        assert len(before.proxy.dialogs) == 0 and set(before.journal.values()) == {None}
        call.book = Playbook(SETTINGS, now=before.now)
        call.book >> CallMoved(tag, pickle.loads(pickle.dumps(moved.dialog)))
        call.book.settle()
        assert len(call.book.proxy.dialogs) == 1 and None not in call.book.journal.values()
        for sender in (call.caller, call.callee):
            call.passes(sender, "INFO")
    call.passes(call.callee, "BYE")
    assert len(call.book.proxy.dialogs) == 0


def test_one_with_a_request_under_way_stays(play: Play) -> None:
    call = talking(play(SETTINGS))
    leg = Leg()
    call.book >> arrives(call.caller.request("INFO"), call.caller.connection) << forwards(leg, "Outside")
    assert given(call).dialog is None and len(call.book.proxy.dialogs) == 1


def test_one_that_is_not_answered_yet_stays(play: Play) -> None:
    call = called(play(SETTINGS))
    assert given(call, call.callee.remote_tag).dialog is None


def test_nobody_gets_what_is_not_there(play: Play) -> None:
    call = talking(play(SETTINGS))
    assert given(call, "stranger").dialog is None
    call.book >> CallMoved("stranger", None)
    call.book.settle()
    call.passes(call.caller, "BYE")
    assert given(call).dialog is None
