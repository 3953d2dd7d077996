"""Session timers on one leg of a call (RFC 4028)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.b2bua import Conversation, b2bua, called, talking
from support.messages import SDP_IM, answer_to
from support.playbook import (
    INSIDE,
    OUTSIDE,
    Captured,
    Leg,
    Play,
    answers_with,
    arrives,
    fails,
    forwards,
    responds,
    sends,
    waits,
)
from support.settings import ZONES, make_settings

from sipedge.proxy.events import ConfigChanged
from sipedge.settings import Settings
from zones.calls import CallPolicy


def timed(*zones: str, seconds: int = 1800, **fields: object) -> Settings:
    return b2bua(*zones, keys={"b2bua": CallPolicy(session_timer=seconds)}, **fields)


def refreshes(call: Conversation, after: float, zone: str = "Outside", method: str = "UPDATE") -> Leg:
    """The edge's refresh, once its time has come."""
    leg = Leg()
    call.book >> waits(after - 2)
    call.book >> waits(4)
    call.book << forwards(leg, zone, method=method)
    return leg


def test_a_callee_is_asked_for_a_session_and_the_caller_hears_nothing_of_it(play: Play) -> None:
    call = called(play(timed("Outside")), extra=("Supported: timer, 100rel", "Session-Expires: 600", "Min-SE: 100"))
    got = call.leg.message
    assert got.values("session-expires") == ["1800;refresher=uac"] and got.values("min-se") == ["90"]
    assert got.values("supported") == ["timer", "100rel"]
    call.answered(extra=("Session-Expires: 1800;refresher=uac", "Require: timer"))
    assert {"session-expires", "require"}.isdisjoint(call.caller.seen[-1].index)


def test_the_edge_refreshes_a_callee(play: Play) -> None:
    call = called(play(timed("Outside"))).answered(extra=("Session-Expires: 600;refresher=uac",)).acknowledged()
    for number in (2, 3):
        leg = refreshes(call, 300)
        assert leg.message.first("session-expires") == "1800;refresher=uac" and leg.message.cseq[0] == number
        assert (leg.message.body, leg.message.first("contact")) == (b"", call.leg.message.first("contact"))
        answer = call.callee.answer(leg.message, 200, extra=("Session-Expires: 600;refresher=uac",))
        call.book >> answers_with(leg, answer)
    assert call.passes(call.caller, "INFO").cseq == (4, "INFO")


@pytest.mark.parametrize("ending", [481, 408])
def test_a_party_that_is_gone_ends_the_call_of_the_other(play: Play, ending: int) -> None:
    call = called(play(timed("Outside"))).answered(extra=("Session-Expires: 600",)).acknowledged()
    leg = refreshes(call, 300)
    far, near = Leg(), Leg()
    call.book >> (fails(leg, 408) if ending == 408 else answers_with(leg, call.callee.answer(leg.message, 481)))
    call.book << forwards(far, "Outside", method="BYE") << forwards(near, "Inside", method="BYE")


def test_a_refresh_that_is_refused_is_tried_again_until_the_session_ends(play: Play) -> None:
    call = called(play(timed("Outside"))).answered(extra=("Session-Expires: 600",)).acknowledged()
    leg = refreshes(call, 300)
    call.book >> answers_with(leg, call.callee.answer(leg.message, 500))
    leg = refreshes(call, 150)
    call.book >> answers_with(leg, call.callee.answer(leg.message, 491))
    for _ in range(10):
        call.book.pass_time(30)
    assert sorted(said.hop.zone for said in call.book.drain() if getattr(said, "head", b"").startswith(b"BYE")) == [
        "Inside",
        "Outside",
    ]


def test_a_party_without_update_gets_its_offer_again(play: Play) -> None:
    call = called(play(timed("Outside"))).answered(extra=("Session-Expires: 600", "Allow: INVITE, BYE")).acknowledged()
    leg, sent = refreshes(call, 300, method="INVITE"), Captured()
    assert leg.message.body == call.leg.message.body and leg.message.first("content-type") == "application/sdp"
    call.book >> answers_with(leg, call.callee.answer(leg.message, 200, extra=("Session-Expires: 600",)))
    call.book << sends("Outside", sent)
    assert sent.message.cseq == (leg.message.cseq[0], "ACK")
    refreshes(call, 300, method="INVITE")


def test_or_when_it_turns_out_not_to_know_update(play: Play) -> None:
    call = called(play(timed("Outside"))).answered(extra=("Session-Expires: 600",)).acknowledged()
    leg, again = refreshes(call, 300), Leg()
    call.book >> answers_with(leg, call.callee.answer(leg.message, 501)) >> waits(1)
    call.book << forwards(again, "Outside", method="INVITE")


def test_a_callee_that_refreshes_itself_is_waited_for(play: Play) -> None:
    call = called(play(timed("Outside"))).answered(extra=("Session-Expires: 600;refresher=uas",)).acknowledged()
    told = Captured()
    call.book >> waits(400)
    update = call.callee.request("UPDATE", extra=("Supported: timer", "Session-Expires: 600;refresher=uac"))
    call.book >> arrives(update, OUTSIDE) << responds(200, told=told)
    assert told.message.first("session-expires") == "600;refresher=uac" and told.message.first("require") == "timer"
    assert told.message.first("contact") == call.leg.message.first("contact")
    call.book >> waits(560)
    call.book >> waits(10)
    call.book << forwards(Leg(), "Outside", method="BYE") << forwards(Leg(), "Inside", method="BYE")


def test_a_caller_is_granted_the_session_it_asks_for(play: Play) -> None:
    call = called(play(timed("Inside")), extra=("Supported: timer", "Session-Expires: 400", "Min-SE: 90")).answered()
    told = call.caller.seen[-1]
    assert told.first("session-expires") == "400;refresher=uas" and told.first("require") == "timer"
    assert {"session-expires", "min-se", "supported"}.isdisjoint(call.leg.message.index)
    call.acknowledged()
    leg = refreshes(call, 200, "Inside")
    assert (leg.message.call_id, leg.message.cseq[0]) == (call.caller.call_id, 1)
    call.book >> answers_with(leg, answer_to(leg.message, 200), connection=INSIDE)


@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        (("Supported: timer",), "1800;refresher=uas"),
        (("Supported: timer", "Min-SE: 3600"), "3600;refresher=uas"),
        (("Supported: timer", "Session-Expires: 7200;refresher=uac"), "1800;refresher=uac"),
        (("k: timer", "x: 900 ; refresher=UAS"), "900;refresher=uas"),
        ((), None),
    ],
)
def test_what_a_caller_is_granted(play: Play, asked: tuple[str, ...], granted: str | None) -> None:
    call = called(play(timed("Inside")), extra=asked).answered()
    assert call.caller.seen[-1].first("session-expires") == granted


def test_a_caller_without_timers_is_asked_whether_it_is_there(play: Play) -> None:
    call = talking(play(timed("Inside")))
    refreshes(call, 900, "Inside")


def test_a_session_that_is_too_short_is_refused(play: Play) -> None:
    told, book = Captured(), play(timed("Inside"))
    call = talking(book)
    short = call.caller.request("UPDATE", extra=("Supported: timer", "Session-Expires: 1"))
    book >> arrives(short) << responds(422, told=told)
    assert told.message.first("min-se") == "90"
    first = replace(call.caller, call_id="other", remote_tag="", target="", cseq=0)
    short = first.request("INVITE", extra=("Supported: timer", "Session-Expires: 89"), body=SDP_IM)
    book >> arrives(short) << responds(422)
    assert len(book.proxy.dialogs) == 1


def test_a_callee_that_wants_longer_sessions_gets_them(play: Play) -> None:
    call, again = called(play(timed("Outside", seconds=90))), Leg()
    call.book >> answers_with(call.leg, call.callee.answer(call.leg.message, 422, extra=("Min-SE: 600",)))
    call.book << forwards(again, "Outside", method="INVITE", session_expires="600;refresher=uac")
    assert again.message.cseq == (2, "INVITE")
    assert (again.message.call_id, again.message.from_tag) == (call.leg.message.call_id, call.leg.message.from_tag)
    call.leg = again
    call.answered()
    sent = Captured()
    call.book >> arrives(call.caller.request("ACK", number=1)) << sends("Outside", sent)
    assert sent.message.cseq == (2, "ACK")


@pytest.mark.parametrize("least", ["90", "99999999", "x", ""])
def test_one_that_does_not_say_what_it_wants_is_believed(play: Play, least: str) -> None:
    call = called(play(timed("Outside", seconds=90)))
    call.book >> answers_with(call.leg, call.callee.answer(call.leg.message, 422, extra=(f"Min-SE: {least}",)))
    call.book << responds(422, to=call.call)


def test_without_a_timer_they_pass(play: Play) -> None:
    call = called(play(timed("Inside", seconds=0)), extra=("Supported: timer", "Session-Expires: 600"))
    assert call.leg.message.first("session-expires") == "600"
    call.answered(extra=("Session-Expires: 600;refresher=uac", "Require: timer")).acknowledged()
    assert call.caller.seen[-1].first("session-expires") == "600;refresher=uac"
    got = call.passes(call.caller, "UPDATE", extra=("Session-Expires: 600;refresher=uac",))
    assert got.first("session-expires") == "600;refresher=uac"
    call.book >> waits(4000)
    call.book.settle()


def test_both_legs_have_their_own(play: Play) -> None:
    call = called(play(timed("Inside", "Outside")), extra=("Supported: timer", "Session-Expires: 400"))
    assert call.leg.message.first("session-expires") == "1800;refresher=uac"
    call.answered(extra=("Session-Expires: 1000;refresher=uac",)).acknowledged()
    leg = refreshes(call, 200, "Inside")
    call.book >> answers_with(leg, answer_to(leg.message, 200, extra=("Session-Expires: 4000",)), connection=INSIDE)
    refreshes(call, 296)


def test_after_a_restart_sessions_go_on(play: Play) -> None:
    settings = timed("Outside", journal="journal")
    call = called(play(settings)).answered(extra=("Session-Expires: 600;refresher=uac",)).acknowledged()
    call.book = call.book.restarted(settings)
    leg = refreshes(call, 300)
    assert leg.message.cseq[0] == 2


def test_deadlines_that_were_moved_are_swept_out(play: Play) -> None:
    call = talking(play(timed("Inside")))
    for _ in range(1500):
        call.book.now += 1
        update = call.caller.request("UPDATE", extra=("Supported: timer", "Session-Expires: 600"))
        call.book >> arrives(update)
        call.book.drain()
    assert len(call.book.proxy.dialogs._deadlines) < 1100


def test_what_is_no_message_of_numbers_is_no_session(play: Play) -> None:
    extra = ("Supported: timer", "Session-Expires: never;refresher=me", "Min-SE: -1")
    call = called(play(timed("Inside")), extra=extra).answered()
    assert call.caller.seen[-1].first("session-expires") == "1800;refresher=uas"


@pytest.mark.parametrize("answered_before", [True, False])
def test_a_call_keeps_its_session_where_a_reload_takes_the_b2bua_zone_away(play: Play, answered_before: bool) -> None:
    """Answered before the reload or after it: both ends are refreshed, with what the call began with."""
    both = timed("Inside", "Outside", seconds=600)
    call = called(play(both))
    if answered_before:
        call.answered()
    call.book >> ConfigChanged(make_settings(zones=ZONES)) >> waits(1)
    if not answered_before:
        call.answered()
    call.acknowledged()
    for _ in range(3):
        near, far = Leg(), Leg()
        call.book >> waits(302)
        call.book << forwards(near, "Inside", method="UPDATE") << forwards(far, "Outside", method="UPDATE")
        for leg, party in ((near, call.caller), (far, call.callee)):
            assert leg.message.first("session-expires") == "600;refresher=uac"
            call.book >> answers_with(leg, party.answer(leg.message, 200), connection=party.connection)
    call.passes(call.caller, "BYE")
