"""Messages of a call that cross, come late, come twice or not at all (RFC 3261 9 and 12 to 15)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.b2bua import Conversation, End, b2bua, called, talking
from support.messages import SDP_IM
from support.playbook import (
    INSIDE,
    OUTSIDE,
    Call,
    Captured,
    Leg,
    Play,
    answers_with,
    arrives,
    drops,
    forwards,
    relays,
    responds,
    sends,
    waits,
)
from support.settings import forking, with_zone

from sipedge.sip.message import Message, parse_message
from zones.zone import Topology


def without_tag(message: Message, name: bytes) -> Message:
    lines = [
        line.partition(b";tag=")[0] if line.lower().startswith(name + b":") else line
        for line in message.head.split(b"\r\n")
    ]
    return parse_message(b"\r\n".join(lines) + message.body)


def forked(play: Play) -> tuple[Conversation, Leg, Leg]:
    """An INVITE of alice that went to two callees."""
    settings = forking()
    settings = replace(settings, zones=with_zone(settings.zones, "Inside", topology=Topology.B2BUA))
    book, one, two = play(settings), Leg(), Leg()
    alice = End("alice", "inside.example", "Inside", INSIDE, tag="alice-tag", call_id="fork@phone.inside.local")
    bob = End("bob", "outside.example", "Outside", OUTSIDE, tag="one", remote=alice.address)
    alice.remote, call = bob.address, Call()
    book >> arrives(alice.request("INVITE", body=SDP_IM), INSIDE, call) << responds(100)
    book << forwards(one, "Outside") << forwards(two, "Third")
    bob.learn(one.message)
    return Conversation(book, alice, bob, call, one), one, two


def taken_twice(play: Play) -> tuple[Conversation, Leg, Leg]:
    """Both callees have sent 200; the first one is talked to. The BYE to the second, and its INVITE."""
    call, _, two = forked(play)
    call.answered()
    call.book.drain()
    call.acknowledged()
    ack, bye = Captured(), Leg()
    call.book >> answers_with(two, call.callee.answer(two.message, 200, tag="two"))
    call.book << sends("Third", ack) << forwards(bye, "Third", method="BYE")
    assert ack.message.to_tag == bye.message.to_tag == "two" and ack.message.cseq == (1, "ACK")
    return call, bye, two


def test_the_second_2xx_of_a_fork_is_acknowledged_and_ended_and_leaves_nothing(play: Play) -> None:
    """RFC 3261 13.2.2.4; its answer to the BYE ends nothing else."""
    call, bye, _ = taken_twice(play)
    call.book >> answers_with(bye, call.callee.answer(bye.message, 200))
    [dialog] = call.book.proxy.dialogs
    assert not dialog.forks and dialog.far.remote_tag == "one"
    call.passes(call.caller, "INFO")
    call.passes(call.callee, "BYE")
    assert len(call.book.proxy.dialogs) == 0


def test_that_comes_again_gets_its_ack_again_and_no_second_bye(play: Play) -> None:
    call, _, two = taken_twice(play)
    call.book >> answers_with(two, call.callee.answer(two.message, 200, tag="two"))
    call.book << sends("Third")
    call.book.settle()


def test_a_bye_of_who_has_answered_second_does_not_reach_the_caller(play: Play) -> None:
    """It has crossed the edge's."""
    call, _, _ = taken_twice(play)
    other = replace(call.callee, tag="two", cseq=7)
    call.book >> arrives(other.request("BYE"), OUTSIDE) << responds(481)
    call.passes(call.callee, "INFO")


def test_the_answer_to_its_bye_does_not_end_a_bye_of_the_call(play: Play) -> None:
    call, bye, _ = taken_twice(play)
    mine, asked = Leg(), Call()
    call.book >> arrives(call.caller.request("BYE"), INSIDE, asked) << forwards(mine, "Outside", method="BYE")
    call.book >> answers_with(bye, call.callee.answer(bye.message, 200))
    assert len(call.book.proxy.dialogs) == 1
    call.book >> answers_with(mine, call.callee.answer(mine.message, 200)) << responds(200, to=asked)
    assert len(call.book.proxy.dialogs) == 0


def test_a_bye_crosses_a_re_invite(play: Play) -> None:
    call, again, bye = talking(play(b2bua())), Leg(), Leg()
    book, invite, hangs_up = call.book, Call(), Call()
    book >> arrives(call.caller.request("INVITE", body=SDP_IM), INSIDE, invite) << responds(100)
    book << forwards(again, "Outside", method="INVITE")
    book >> arrives(call.callee.request("BYE"), OUTSIDE, hangs_up) << forwards(bye, "Inside", method="BYE")
    book >> answers_with(again, call.callee.answer(again.message, 487)) << responds(487, to=invite)
    book >> answers_with(bye, call.caller.answer(bye.message, 200), connection=INSIDE) << responds(200, to=hangs_up)
    book >> waits(60.0)
    book.settle()
    assert len(book.proxy.dialogs) == 0


@pytest.mark.parametrize("status", [481, 408])
@pytest.mark.parametrize("method", ["INVITE", "UPDATE", "INFO"])
def test_who_does_not_know_the_call_has_ended_it(play: Play, method: str, status: int) -> None:
    """RFC 3261 12.2.1.2, RFC 5057 5.1."""
    call, leg, near, far = talking(play(b2bua())), Leg(), Leg(), Leg()
    call.book >> arrives(call.caller.request(method))
    if method == "INVITE":
        call.book << responds(100)
    call.book << forwards(leg, "Outside", method=method)
    silent = status == 408 and method != "INVITE"  # RFC 4320 4.2: the sender has given up by itself
    call.book >> answers_with(leg, call.callee.answer(leg.message, status)) << (drops() if silent else responds(status))
    call.book << forwards(far, "Outside", method="BYE") << forwards(near, "Inside", method="BYE")


def test_a_refusal_of_a_re_invite_leaves_the_call_as_it_was(play: Play) -> None:
    """RFC 3261 14.1; the Contact in it counts for nothing."""
    call, leg = talking(play(b2bua())), Leg()
    call.book >> arrives(call.caller.request("INVITE", body=SDP_IM)) << responds(100) << forwards(leg, "Outside")
    refusal = call.callee.answer(leg.message, 488).to_bytes().replace(b"sip:bob@phone", b"sip:elsewhere@phone")
    call.book >> answers_with(leg, parse_message(refusal)) << responds(488)
    call.passes(call.caller, "BYE")


def test_a_2xx_is_repeated_to_the_caller_until_its_ack(play: Play) -> None:
    """RFC 3261 13.3.1.4: the callee does it, and each of them gets there; without an ACK both get a BYE."""
    call = called(play(b2bua())).answered()
    again = call.callee.answer(call.leg.message, 200)
    for _ in range(2):
        told = Captured()
        call.book >> answers_with(call.leg, again, stray=True) << relays(INSIDE, told)
        assert told.message.to_tag == call.caller.remote_tag
    call.book >> waits(40.0)
    call.book << forwards(Leg(), "Outside", method="BYE") << forwards(Leg(), "Inside", method="BYE")


def test_an_ack_that_comes_again_goes_on_again(play: Play) -> None:
    call = talking(play(b2bua()))
    call.book >> answers_with(call.leg, call.callee.answer(call.leg.message, 200), stray=True) << relays(INSIDE)
    call.acknowledged().passes(call.caller, "BYE")


def test_an_ack_behind_the_bye_ends_nothing_twice(play: Play) -> None:
    call = called(play(b2bua())).answered()
    call.passes(call.callee, "BYE")
    call.book >> arrives(call.caller.request("ACK", number=1))
    call.book >> waits(60.0)
    call.book.settle()


def test_numbers_with_gaps_pass_in_their_order(play: Play) -> None:
    call = talking(play(b2bua()))
    numbers = []
    for number in (10, 11, 400):
        call.caller.cseq = number - 1
        numbers.append(call.passes(call.caller, "INFO").cseq[0])
    assert numbers == sorted(set(numbers))


def test_what_the_edge_begins_has_hops_before_it(play: Play) -> None:
    """RFC 3261 8.1.1.6; as many as the zone says."""
    call, leg = talking(play(b2bua())), Leg()
    call.book >> arrives(call.caller.request("INFO")) << forwards(leg, "Outside")
    call.book >> answers_with(leg, call.callee.answer(leg.message, 481)) << responds(481)
    bye = Leg()
    call.book << forwards(bye, "Outside", method="BYE") << forwards(Leg(), "Inside", method="BYE")
    assert bye.message.first("max-forwards") == "15"


def test_a_callee_without_tags_takes_part_in_its_call(play: Play) -> None:
    """RFC 3261 12.1.2 and 12.2.1.1: of one from before tags the tag is none."""
    call, told = called(play(b2bua())), Captured()
    call.book >> answers_with(call.leg, without_tag(call.callee.answer(call.leg.message, 200), b"to"))
    call.book << responds(200, to=call.call, told=told)
    call.caller.learn(told.message)
    call.acknowledged()
    assert call.callee.seen[-1].to_tag is None
    bye = Leg()
    call.book >> arrives(without_tag(call.callee.request("BYE"), b"from"), OUTSIDE)
    call.book << forwards(bye, "Inside", method="BYE")
    assert bye.message.from_tag == call.caller.remote_tag


@pytest.mark.parametrize("name", [b"from", b"to"])
def test_a_request_without_one_belongs_to_no_call_of_others(play: Play, name: bytes) -> None:
    call = talking(play(b2bua()))
    call.book >> arrives(without_tag(call.caller.request("BYE"), name))
    if name == b"from":
        call.book << responds(481)
    call.book.drain()
    assert [dialog.state.value for dialog in call.book.proxy.dialogs] == ["talking"]


@pytest.mark.parametrize("is_caller", [True, False])
def test_an_offer_in_an_early_update_is_answered_by_the_other_party(play: Play, is_caller: bool) -> None:
    """RFC 3311 5."""
    call, told = called(play(b2bua())), Captured()
    call.book >> answers_with(call.leg, call.callee.answer(call.leg.message, 180))
    call.book << responds(180, to=call.call, told=told)
    call.caller.learn(told.message)
    sender = call.caller if is_caller else call.callee
    call.passes(sender, "UPDATE", extra=("Content-Type: application/sdp",))
    call.answered().acknowledged().passes(call.callee, "BYE")
