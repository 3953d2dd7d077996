"""A PRACK of the caller reaches the callee whose response it is for, and may have an offer (RFC 3262 5)."""

from __future__ import annotations

import pytest
from support.b2bua import Conversation, b2bua, called, talking
from support.messages import SDP_IM
from support.playbook import OUTSIDE, Captured, Leg, Play, answers_with, arrives, forwards, responds

from sipedge.settings import Settings
from sipedge.sip.message import Message
from zones.calls import CallPolicy, Prack
from zones.zone import Credential

REQUIRES = ("Require: 100rel",)
KIND = ("Content-Type: application/sdp",)


def here(*zones: str) -> Settings:
    return b2bua(*zones, keys={"b2bua": CallPolicy(session_timer=0, prack=Prack.HERE)})


BOTH = here("Inside", "Outside")
PASSES = b2bua("Inside")
"""Nobody but the two parties has to do with it."""
WAYS = pytest.mark.parametrize("settings", [BOTH, PASSES], ids=["here on both sides", "end to end"])


def with_body(message: Message, body: bytes) -> Message:
    return Message(message.head.replace(b"Content-Length: 0", b"Content-Length: %d" % len(body)), body)


def rings(call: Conversation, rseq: int, *, body: bytes = SDP_IM, tag: str = "", leg: Leg | None = None) -> None:
    """The callee does, reliably."""
    extra = (*REQUIRES, f"RSeq: {rseq}", *(KIND if body else ()))
    sent = (leg or call.leg).message
    call.book >> answers_with(leg or call.leg, with_body(call.callee.answer(sent, 183, tag=tag, extra=extra), body))


def hears(call: Conversation) -> str:
    """The RSeq of what the caller gets."""
    told = Captured()
    call.book << responds(183, to=call.call, told=told)
    call.caller.learn(told.message)
    return told.message.first("rseq") or ""


def acknowledges(call: Conversation, rseq: str, rack: str, body: bytes = b"") -> Leg:
    """PRACK; what of it the callee gets."""
    prack, extra = Leg(), (f"RAck: {rseq} 1 INVITE", *(KIND if body else ()))
    call.book >> arrives(call.caller.request("PRACK", extra=extra, body=body), call.caller.connection)
    call.book << forwards(prack, "Outside", method="PRACK", rack=rack)
    return prack


@WAYS
def test_an_offer_in_a_prack_is_answered_by_the_callee(play: Play, settings: Settings) -> None:
    call, told = called(play(settings), extra=REQUIRES), Captured()
    rings(call, 7)
    prack = acknowledges(call, hears(call), "7 1 INVITE", SDP_IM)
    assert b"m=message" in prack.message.body and prack.message.to_tag == call.callee.tag
    answer = with_body(call.callee.answer(prack.message, 200, extra=KIND), SDP_IM)
    call.book >> answers_with(prack, answer) << responds(200, told=told)
    assert b"m=message" in told.message.body and told.message.cseq == (2, "PRACK")
    call.answered().acknowledged().passes(call.caller, "BYE")


@WAYS
def test_one_that_the_callee_refuses_ends_nothing(play: Play, settings: Settings) -> None:
    call = called(play(settings), extra=REQUIRES)
    rings(call, 7)
    prack = acknowledges(call, hears(call), "7 1 INVITE", SDP_IM)
    call.book >> answers_with(prack, call.callee.answer(prack.message, 488)) << responds(488)
    call.answered().acknowledged().passes(call.callee, "BYE")


def test_the_callee_gets_no_other_prack_when_its_response_comes_again(play: Play) -> None:
    call = called(play(BOTH), extra=REQUIRES)
    rings(call, 7)
    rseq = hears(call)
    rings(call, 7)
    call.book.settle()
    acknowledges(call, rseq, "7 1 INVITE")
    rings(call, 7)
    call.book.settle()
    rings(call, 8, body=b"")
    assert int(hears(call)) == int(rseq) + 1


def test_the_200_repeats_no_answer_that_the_caller_has_acknowledged(play: Play) -> None:
    """A further exchange may have replaced it."""
    call = called(play(BOTH), extra=REQUIRES)
    rings(call, 7)
    prack = acknowledges(call, hears(call), "7 1 INVITE")
    call.book >> answers_with(prack, call.callee.answer(prack.message, 200)) << responds(200)
    call.answered()
    assert call.caller.seen[-1].body == b""


def test_a_prack_behind_the_2xx_reaches_the_callee_too(play: Play) -> None:
    """Its 180 had no answer, so that the 2xx did not wait (RFC 3262 3)."""
    call = called(play(BOTH), extra=REQUIRES)
    rings(call, 7, body=b"")
    rseq = hears(call)
    call.answered()
    prack = acknowledges(call, rseq, "7 1 INVITE")
    call.book >> answers_with(prack, call.callee.answer(prack.message, 200)) << responds(200)
    call.acknowledged().passes(call.caller, "BYE")


def test_where_another_response_comes_first_the_edge_acknowledges(play: Play) -> None:
    call = called(play(BOTH), extra=REQUIRES)
    rings(call, 7, body=b"", tag="one")
    hears(call)
    rings(call, 500, body=b"", tag="two")
    call.book << forwards(Leg(), "Outside", method="PRACK", rack="500 1 INVITE")


@pytest.mark.parametrize("turned", [False, True])
def test_of_a_fork_each_callee_gets_its_own_prack(play: Play, turned: bool) -> None:
    """The caller hears one party, so that the numbers go on from one to the next."""
    call = called(play(PASSES), extra=REQUIRES)
    told = []
    for tag, rseq in (("one", 7), ("two", 900)):
        rings(call, rseq, tag=tag)
        told.append(hears(call))
    assert told == ["7", "8"]
    ways = [("one", told[0], "7 1 INVITE"), ("two", told[1], "900 1 INVITE")]
    for tag, rseq, rack in ways[::-1] if turned else ways:
        assert acknowledges(call, rseq, rack).message.to_tag == tag


def test_a_prack_names_the_invite_as_it_was_sent(play: Play) -> None:
    """With credentials the INVITE is sent again, with the next number."""
    policy = CallPolicy(session_timer=0, username="edge")
    settings = b2bua("Outside", keys={"b2bua": policy}, credentials=(Credential("edge", "a password"),))
    call, again = called(play(settings), extra=REQUIRES), Leg()
    challenge = ('WWW-Authenticate: Digest realm="far.example", nonce="n", qop="auth", algorithm=MD5',)
    call.book >> answers_with(call.leg, call.callee.answer(call.leg.message, 401, extra=challenge))
    call.book << forwards(again, "Outside", method="INVITE")
    assert again.message.cseq[0] == 2
    rings(call, 7, leg=again)
    acknowledges(call, hears(call), "7 2 INVITE")


def test_a_re_invite_has_responses_of_its_own(play: Play) -> None:
    """Its numbers begin anew (RFC 3262 3), and whoever acknowledged the first ones does not own these."""
    call, again = called(play(BOTH), extra=REQUIRES), Leg()
    rings(call, 7)
    prack = acknowledges(call, hears(call), "7 1 INVITE")
    call.book >> answers_with(prack, call.callee.answer(prack.message, 200)) << responds(200)
    call.answered().acknowledged()
    invite = call.caller.request("INVITE", extra=(*REQUIRES, *KIND), body=SDP_IM)
    call.book >> arrives(invite) << responds(100) << forwards(again, "Outside", method="INVITE")
    extra = (*REQUIRES, "RSeq: 55")
    call.book >> answers_with(again, call.callee.answer(again.message, 183, extra=extra)) << responds(183, rseq="55")
    number = invite.cseq[0]
    call.book >> arrives(call.caller.request("PRACK", extra=(f"RAck: 55 {number} INVITE",)))
    call.book << forwards(Leg(), "Outside", method="PRACK", rack=f"55 {number} INVITE")


def test_that_the_edge_acknowledges_them_too(play: Play) -> None:
    call, prack, again = called(play(here("Outside"))), Leg(), Leg()
    rings(call, 7)
    call.book << forwards(prack, "Outside", method="PRACK", rack="7 1 INVITE") << responds(183, to=call.call)
    call.book >> answers_with(prack, call.callee.answer(prack.message, 200))
    call.answered().acknowledged()
    call.book >> arrives(call.caller.request("INVITE", extra=KIND, body=SDP_IM)) << responds(100)
    call.book << forwards(again, "Outside", method="INVITE")
    extra = (*REQUIRES, "RSeq: 3")
    call.book >> answers_with(again, call.callee.answer(again.message, 183, extra=extra))
    call.book << forwards(Leg(), "Outside", method="PRACK", rack=f"3 {again.message.cseq[0]} INVITE")
    call.book << responds(183)


def test_a_prack_of_the_callee_names_the_invite_as_the_caller_knows_it(play: Play) -> None:
    """The numbers of both legs differ once the edge has sent a request itself."""
    call, theirs = talking(play(PASSES)), Leg()
    call.callee.cseq = 40
    invite = call.callee.request("INVITE", extra=(*REQUIRES, *KIND), body=SDP_IM)
    call.book >> arrives(invite, OUTSIDE) << responds(100) << forwards(theirs, "Inside", method="INVITE")
    answer = call.caller.answer(theirs.message, 183, extra=(*REQUIRES, "RSeq: 9"))
    call.book >> answers_with(theirs, answer, connection=call.caller.connection) << responds(183, rseq="9")
    call.book >> arrives(call.callee.request("PRACK", extra=("RAck: 9 41 INVITE",)), OUTSIDE)
    call.book << forwards(Leg(), "Inside", method="PRACK", rack=f"9 {theirs.message.cseq[0]} INVITE")
