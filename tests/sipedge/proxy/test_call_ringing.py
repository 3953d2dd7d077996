"""A caller of a zone with ``prack = "here"`` that supports reliable provisional responses gets them from the edge."""

from __future__ import annotations

import pytest
from support.b2bua import Conversation, b2bua, called
from support.messages import SDP_IM
from support.playbook import (
    INSIDE,
    Captured,
    Leg,
    Play,
    answers_with,
    arrives,
    cancels,
    forwards,
    responds,
    sends,
    waits,
)

from sipedge.settings import Settings
from sipedge.sip.message import Message, parse_message
from zones.calls import CallPolicy, Prack

SUPPORTS, REQUIRES = ("Supported: 100rel, timer",), ("Require: 100rel",)


def here(*zones: str) -> Settings:
    policy = CallPolicy(session_timer=0, prack=Prack.HERE)
    return b2bua(*(zones or ("Inside",)), keys={"b2bua": policy})


def rings(call: Conversation, status: int = 183, body: bytes = SDP_IM, extra: tuple[str, ...] = ()) -> None:
    """The callee does, unreliably unless ``extra`` says otherwise."""
    kind = ("Content-Type: application/sdp",) if body else ()
    answer = call.callee.answer(call.leg.message, status, extra=(*kind, *extra))
    head = answer.head.replace(b"Content-Length: 0", b"Content-Length: %d" % len(body))
    call.book >> answers_with(call.leg, Message(head, body))


def hears(call: Conversation, status: int = 183) -> str:
    """The RSeq of what the caller gets; '' where it is not reliable."""
    told = Captured()
    call.book << responds(status, to=call.call, told=told)
    call.caller.learn(told.message)
    assert (told.message.first("require") == "100rel") == ("rseq" in told.message.index)
    return told.message.first("rseq") or ""


def acknowledges(call: Conversation, rseq: str, status: int = 200, body: bytes = b"") -> None:
    call.book >> arrives(call.caller.request("PRACK", extra=(f"RAck: {rseq} 1 INVITE",), body=body), INSIDE)
    call.book << responds(status)


@pytest.mark.parametrize("extra", [SUPPORTS, REQUIRES])
def test_the_callee_hears_nothing_of_it(play: Play, extra: tuple[str, ...]) -> None:
    call = called(play(here()), extra=extra)
    assert b"100rel" not in call.leg.message.head
    rings(call)
    acknowledges(call, hears(call))
    call.answered().acknowledged().passes(call.caller, "BYE")


def test_who_does_not_support_it_or_has_no_offer_is_rung_as_ever(play: Play) -> None:
    for extra, body in (((), SDP_IM), (SUPPORTS, b"")):
        call = called(play(here()), extra=extra, body=body)
        rings(call, 180, b"")
        assert hears(call, 180) == ""


def test_one_waits_for_the_prack_of_the_other(play: Play) -> None:
    call = called(play(here()), extra=SUPPORTS)
    rings(call, 180, b"")
    first = hears(call, 180)
    rings(call, 183)
    acknowledges(call, first)
    call.book >> waits(0.0)
    assert int(hears(call)) == int(first) + 1


def test_it_is_repeated_until_the_prack(play: Play) -> None:
    call = called(play(here()), extra=SUPPORTS)
    rings(call)
    rseq = hears(call)
    for pause in (0.5, 1.0, 2.0):
        call.book >> waits(pause)
        assert hears(call) == rseq
    acknowledges(call, rseq)
    call.book >> waits(30.0)
    call.book.settle()


def test_a_2xx_waits_for_the_prack_of_its_answer(play: Play) -> None:
    call = called(play(here()), extra=SUPPORTS)
    rings(call)
    rseq = hears(call)
    answered(call)
    acknowledges(call, rseq)
    call.book >> waits(0.0)
    assert hears(call, 200) == ""
    call.caller.cseq = 2
    call.acknowledged().passes(call.callee, "BYE")


def test_a_refusal_waits_for_nothing(play: Play) -> None:
    call = called(play(here()), extra=SUPPORTS)
    rings(call)
    hears(call)
    call.book >> answers_with(call.leg, call.callee.answer(call.leg.message, 486)) << responds(486, to=call.call)
    call.book >> waits(40.0)
    call.book.settle()
    assert len(call.book.proxy.dialogs) == 0


def repeated(call: Conversation, status: int = 183) -> None:
    """All seven times; then 64*T1 are over."""
    for pause in (0.5, 1.0, 2.0, 4.0, 8.0, 16.0):
        call.book >> waits(pause)
        hears(call, status)
    call.book >> waits(0.5)


def test_without_a_prack_the_call_ends(play: Play) -> None:
    call = called(play(here()), extra=SUPPORTS)
    rings(call)
    hears(call)
    repeated(call)
    call.book << cancels(call.leg) << responds(504, to=call.call)
    call.book >> answers_with(call.leg, call.callee.answer(call.leg.message, 487)) >> waits(1.0)
    call.book.settle()
    assert len(call.book.proxy.dialogs) == 0


def test_a_callee_that_has_answered_meanwhile_gets_a_bye(play: Play) -> None:
    call, ack, bye = called(play(here()), extra=SUPPORTS), Captured(), Leg()
    rings(call)
    hears(call)
    answered(call)
    repeated(call)
    call.book << responds(504, to=call.call)
    call.book << sends("Outside", ack) << forwards(bye, "Outside", method="BYE")
    assert ack.message.cseq == (1, "ACK") and bye.message.cseq == (2, "BYE")
    call.book >> answers_with(bye, call.callee.answer(bye.message, 200))
    assert len(call.book.proxy.dialogs) == 0


def answered(call: Conversation) -> None:
    """200, of which the caller hears nothing as yet."""
    call.book >> answers_with(call.leg, call.callee.answer(call.leg.message, 200))
    call.book.settle()


def test_an_offer_in_the_prack_is_refused(play: Play) -> None:
    call = called(play(here()), extra=SUPPORTS)
    rings(call)
    acknowledges(call, hears(call), 488, SDP_IM)
    acknowledges(call, "1", 481)


def test_a_cancel_lets_the_2xx_pass(play: Play) -> None:
    """They crossed: the caller hangs up itself."""
    call = called(play(here()), extra=SUPPORTS)
    rings(call)
    hears(call)
    answered(call)
    call.book >> arrives(cancel_of(call), INSIDE) << responds(200)
    call.book >> waits(0.0)
    hears(call, 200)
    call.acknowledged().passes(call.caller, "BYE")


def test_after_a_cancel_nothing_is_repeated(play: Play) -> None:
    call = called(play(here()), extra=SUPPORTS)
    rings(call)
    hears(call)
    call.book >> arrives(cancel_of(call), INSIDE) << responds(200) << cancels(call.leg)
    call.book >> waits(5.0)
    call.book >> answers_with(call.leg, call.callee.answer(call.leg.message, 487)) << responds(487, to=call.call)


def cancel_of(call: Conversation) -> Message:
    invite = call.call.message
    kept = (b"via", b"from", b"to:", b"call-id", b"max")
    lines = [line for line in invite.lines[1:] if line.lower().startswith(kept)]
    return parse_message(
        b"\r\n".join([b"CANCEL " + invite.uri.encode() + b" SIP/2.0", *lines, b"CSeq: 1 CANCEL", b"", b""])
    )


def test_of_a_fork_the_second_answer_is_not_reliable(play: Play) -> None:
    call = called(play(here()), extra=SUPPORTS)
    rings(call)
    acknowledges(call, hears(call))
    call.callee.tag = "another"
    rings(call)
    assert hears(call) == ""
    rings(call, 180, b"")
    assert hears(call, 180)


def test_it_comes_to_an_end_with_a_branch_that_fails(play: Play) -> None:
    """What waits of a callee that has refused meanwhile is not for the caller any more."""
    call = called(play(here()), extra=SUPPORTS)
    rings(call, 180, b"")
    first = hears(call, 180)
    rings(call)
    acknowledges(call, first)
    call.book >> answers_with(call.leg, call.callee.answer(call.leg.message, 486)) << responds(486, to=call.call)
    call.book >> waits(1.0)
    call.book.settle()
