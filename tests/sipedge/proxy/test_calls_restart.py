"""Calls of b2bua zones after a restart between any two of their messages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.b2bua import Conversation, b2bua, called, talking
from support.messages import SDP_IM, answer_to
from support.playbook import (
    INSIDE,
    OUTSIDE,
    Call,
    Captured,
    Leg,
    Play,
    answers_with,
    arrives,
    forwards,
    opens,
    responds,
    sends,
    waits,
)  # fmt: skip
from support.settings import RULES, THIRD, ZONES, make_settings, rule

from sipedge.dialogs.record import from_bytes, to_bytes
from sipedge.proxy.events import ConfigChanged
from sipedge.sip.message import Message

JOURNAL = b2bua(journal="journal")


def restarted(call: Conversation) -> Conversation:
    call.book = call.book.restarted(JOURNAL)
    return call


def test_a_call_goes_on_between_any_two_transactions(play: Play) -> None:
    call = restarted(talking(play(JOURNAL)))
    for sender, other in ((call.caller, call.callee), (call.callee, call.caller)):
        for method in ("INFO", "UPDATE", "REFER", "NOTIFY", "INVITE"):
            call.passes(sender, method)
            if method == "INVITE":
                sent = Captured()
                restarted(call).book >> arrives(sender.request("ACK", number=sender.cseq), sender.connection)
                call.book << sends(other.zone, sent)
                assert sent.message.cseq[0] == other.seen[-1].cseq[0]
            restarted(call)
    call.passes(call.caller, "BYE")
    assert [data for data in call.book.journal.values() if data is not None] == []
    assert len(restarted(call).book.proxy.dialogs) == 0


def test_the_ack_may_come_after_it(play: Play) -> None:
    call = restarted(called(play(JOURNAL)).answered()).acknowledged()
    call.passes(call.callee, "BYE")


def test_without_its_ack_a_call_ends(play: Play) -> None:
    book = restarted(called(play(JOURNAL)).answered()).book
    ends = Leg(), Leg()
    book >> waits(39) >> waits(2)
    book << forwards(ends[0], "Outside", method="BYE") << forwards(ends[1], "Inside", method="BYE")


def bye_unanswered(call: Conversation) -> None:
    call.book >> arrives(call.caller.request("BYE")) << forwards(Leg(), "Outside")


def bye_of_the_callee(call: Conversation) -> None:
    call.book >> arrives(call.callee.request("BYE"), OUTSIDE) << forwards(Leg(), "Inside")


def party_gone(call: Conversation) -> None:
    leg = Leg()
    call.book >> arrives(call.caller.request("INFO")) << forwards(leg, "Outside")
    call.book >> answers_with(leg, call.callee.answer(leg.message, 481))
    call.book.drain()


@pytest.mark.parametrize("ending", [bye_unanswered, bye_of_the_callee, party_gone])
def test_a_call_that_was_about_to_end_ends_on_both_sides(play: Play, ending: Callable[[Conversation], None]) -> None:
    call = talking(play(JOURNAL))
    ending(call)
    near, far = Leg(), Leg()
    book = restarted(call).book >> waits(3)
    book << forwards(far, "Outside", method="BYE") << forwards(near, "Inside", method="BYE")
    book >> answers_with(near, answer_to(near.message, 481), connection=INSIDE)
    book >> answers_with(far, answer_to(far.message, 200))
    assert len(book.proxy.dialogs) == 0


def test_numbers_go_on_behind_those_of_the_edge_itself(play: Play) -> None:
    """Two bytes of a BYE from the edge before the restart: what follows has higher numbers."""
    call = talking(play(JOURNAL))
    [dialog] = call.book.proxy.dialogs
    dialog.far.own_number(dialog.near)
    assert call.passes(call.caller, "INFO").cseq == (3, "INFO")
    assert restarted(call).passes(call.caller, "INFO").cseq == (4, "INFO")


@pytest.mark.parametrize("early", [True, False])
def test_an_early_dialog_is_not_kept(play: Play, early: bool) -> None:
    call = called(play(JOURNAL))
    if early:
        call.book >> answers_with(call.leg, call.callee.answer(call.leg.message, 180)) << responds(180, to=call.call)
    assert call.book.journal == {}
    call.book = call.book.restarted(JOURNAL)
    call.book >> arrives(call.callee.request("BYE"), OUTSIDE) << responds(481)


def test_what_cannot_be_read_or_has_lost_its_zone_is_forgotten(play: Play) -> None:
    call = talking(play(b2bua(zones=(*ZONES, THIRD), journal="journal")))
    call.book.journal |= {"x": b"{}", "y": b"[1]", "z": b"no JSON"}
    without = make_settings(zones=ZONES[1:], rules="", journal="journal")
    book = call.book.restarted(without)
    assert len(book.proxy.dialogs) == 0
    assert set(book.journal) == {"x", "y", "z", call.caller.remote_tag} and set(book.journal.values()) == {None}
    assert len(book.log) == 4


def test_a_journal_that_a_reload_names_gets_all_calls(play: Play) -> None:
    call = talking(play(b2bua()))
    assert call.book.journal == {}
    call.book >> ConfigChanged(JOURNAL) >> waits(1)
    assert len(call.book.journal) == 1
    restarted(call).passes(call.caller, "INFO")


def test_a_record_is_about_a_kilobyte_and_reads_back_as_it_was(play: Play) -> None:
    call = talking(play(JOURNAL), extra=("Record-Route: <sip:p.inside.local;lr>",), body=SDP_IM)
    [data] = [data for data in call.book.journal.values() if data is not None]
    again = from_bytes(data)
    assert again is not None and to_bytes(again) == data and b"\n" not in data
    assert len(data) < 1500


def test_a_call_that_passes_twice_is_two_calls_after_it(play: Play) -> None:
    """Out to a proxy that sends it back in: both are in the journal, and a BYE goes through both."""
    rules = rule("back", "Third", r".*@third\.example", source_zone='"Outside"') + RULES
    settings = b2bua("Inside", "Third", rules=rules, zones=(*ZONES, THIRD), journal="journal")
    book = play(settings) >> opens(4, "198.51.100.30")
    call, second, back, told = called(book), Leg(), Call(), Captured()
    head = call.leg.message.head.replace(b"INVITE sip:bob@outside", b"INVITE sip:carol@third", 1)
    book >> arrives(Message(head, call.leg.message.body), OUTSIDE, back) << responds(100) << forwards(second, "Third")
    answer = answer_to(second.message, 200, tag="carol-tag", contact="<sip:carol@phone.third.local;transport=tls>")
    book >> answers_with(second, answer, connection=4) << responds(200, to=back, told=told)
    book >> answers_with(call.leg, told.message) << responds(200, to=call.call, told=told)
    call.caller.learn(told.message)
    book, one, two = book.restarted(settings) >> opens(4, "198.51.100.30"), Leg(), Leg()
    assert len(book.proxy.dialogs) == 2
    book >> arrives(call.caller.request("BYE")) << forwards(one, "Outside", method="BYE")
    book >> arrives(one.message, OUTSIDE) << forwards(two, "Third", uri="sip:carol@phone.third.local;transport=tls")
