"""The end of an edge: what begins is refused, what is open goes on, and at last everybody has a final response."""

from __future__ import annotations

import pytest
from support.messages import invite, notify, request
from support.playbook import (
    INSIDE,
    Call,
    Captured,
    Leg,
    Play,
    abandons,
    answers,
    arrives,
    cancels,
    forwards,
    responds,
    sends,
)
from support.settings import forking, make_settings

from sipedge.proxy.events import ConfigChanged, DrainEnded, Ending, ForwardFailed
from sipedge.settings import Limits
from sipedge.sip.message import Message

OWN = "sip:203.0.113.1:5061"


@pytest.mark.parametrize("message", [request(), invite(), request("OPTIONS", OWN, to=f"<{OWN}>"), request("SUBSCRIBE")])
def test_what_begins_is_answered_503(play: Play, message: Message) -> None:
    book = play(make_settings(limits=Limits(drain=7.5))) >> Ending() >> arrives(message)
    book << responds(503, retry_after="8")
    assert [entry.status for entry in book.concluded] == [503]


def test_a_reload_does_not_make_an_ending_edge_begin_anew(play: Play) -> None:
    play() >> Ending() >> ConfigChanged(make_settings()) >> arrives(request()) << responds(503)


def test_requests_of_a_dialog_and_what_has_no_response_still_pass(play: Play) -> None:
    leg = Leg()
    in_dialog = "<sip:bob@outside.example>;tag=bob-tag"
    (
        play()
        >> Ending()
        >> arrives(request("BYE", to=in_dialog, cseq="2 BYE"))
        << forwards(leg)
        >> answers(leg, 200)
        << responds(200)
        >> arrives(request("ACK", to=in_dialog))
        << sends("Outside")
        >> arrives(notify("BENOTIFY"))
        << sends("Outside")
    )


def test_what_is_open_goes_on_and_can_be_cancelled(play: Play) -> None:
    leg, call, cancel = Leg(), Call(), Call()
    book = play() >> arrives(invite(), INSIDE, call) << responds(100) << forwards(leg) >> Ending()
    book >> answers(leg, 180) << responds(180) >> arrives(request("CANCEL"), INSIDE, cancel)
    book << responds(200, to=cancel) << cancels(leg) >> answers(leg, 487) << responds(487, to=call)
    assert book.proxy.is_quiet()


def test_a_ringing_invite_gets_503_and_its_callee_a_cancel(play: Play) -> None:
    leg, told = Leg(), Captured()
    book = play() >> arrives(invite()) << responds(100) << forwards(leg) >> answers(leg, 180) << responds(180)
    book >> Ending() >> DrainEnded() << cancels(leg) << responds(503, told=told, retry_after="10")
    assert told.message.first("warning") == '399 203.0.113.1:5061 "this edge is ending"'
    assert book.proxy.is_quiet() and book.proxy.is_cancelling()
    book >> answers(leg, 487)
    assert not book.proxy.is_cancelling()
    book.settle()
    assert not any(book.proxy.kept()[kind] for kind in ("unanswered", "branches", "invites"))


def test_an_invite_without_a_provisional_response_is_given_up(play: Play) -> None:
    leg = Leg()
    book = play() >> arrives(invite()) << responds(100) << forwards(leg)
    book >> DrainEnded() << abandons(leg) << responds(503)
    assert not book.proxy.is_cancelling()
    (book >> ForwardFailed(leg.branch, 503, "late")).settle()


def test_another_request_gets_503_and_its_late_answer_is_dropped(play: Play) -> None:
    leg = Leg()
    book = play() >> arrives(request()) << forwards(leg) >> DrainEnded() << abandons(leg) << responds(503)
    (book >> answers(leg, 200, stray=True)).settle()


def test_a_cancelled_invite_gets_487(play: Play) -> None:
    leg, call, cancel = Leg(), Call(), Call()
    book = play() >> arrives(invite(), INSIDE, call) << responds(100) << forwards(leg) >> answers(leg, 100)
    book >> arrives(request("CANCEL"), INSIDE, cancel) << responds(200, to=cancel) << cancels(leg)
    book >> DrainEnded() << responds(487, to=call)
    assert book.proxy.is_cancelling()


def test_an_answer_of_one_branch_counts_more_than_the_end(play: Play) -> None:
    one, two = Leg(), Leg()
    book = play(forking()) >> arrives(invite()) << responds(100) << forwards(one) << forwards(two)
    book >> answers(one, 486) >> DrainEnded() << abandons(two) << responds(486)


def test_an_accepted_invite_is_left_alone(play: Play) -> None:
    leg = Leg()
    book = play() >> arrives(invite()) << responds(100) << forwards(leg) >> answers(leg, 200) << responds(200)
    (book >> DrainEnded()).settle()
