"""Which response context a branch, a CANCEL or a deadline belongs to; and that nothing stays too long."""

from __future__ import annotations

import pytest
from support.messages import invite, request
from support.playbook import (
    INSIDE,
    Call,
    Leg,
    Play,
    Playbook,
    answers,
    arrives,
    cancels,
    fails,
    forwards,
    relays,
    responds,
    waits,
)

from sipedge.proxy import contexts
from sipedge.proxy.contexts import transaction_key


def test_a_cancel_has_the_key_of_its_invite() -> None:
    cancel = request("CANCEL", call_id="other", uri="sip:x@y")
    assert transaction_key(cancel, ("z", "192.0.2.10")) == transaction_key(invite(), ("z", "192.0.2.10"))
    assert transaction_key(cancel, ("z", "192.0.2.11")) != transaction_key(invite(), ("z", "192.0.2.10"))
    other = request("CANCEL", via="SIP/2.0/TLS 192.0.2.10:5061;branch=z9hG4bKother")
    assert transaction_key(other, "192.0.2.10") != transaction_key(invite(), "192.0.2.10")


def test_without_the_cookie_the_key_is_rfc_2543s() -> None:
    for via in ("SIP/2.0/TLS 192.0.2.10", "SIP/2.0/TLS 192.0.2.10;branch=1", "SIP/2.0/TLS 192.0.2.10;branch=z9hG4bK"):
        first = transaction_key(invite(via=via), "192.0.2.10")
        assert first == transaction_key(request("CANCEL", via=via), "192.0.2.10")
        assert first != transaction_key(request("CANCEL", via=via, call_id="call-2"), "192.0.2.10")
        assert first != transaction_key(request("CANCEL", via=via, cseq="2 CANCEL"), "192.0.2.10")


def call(book: Playbook, number: int = 1) -> Leg:
    """An INVITE on its way."""
    leg = Leg()
    via = f"SIP/2.0/TLS 192.0.2.10:5061;branch=z9hG4bKcall{number}"
    book >> arrives(invite(via=via, call_id=f"call-{number}")) << responds(100) << forwards(leg)
    return leg


def test_a_branch_ends_with_its_final_response(play: Play) -> None:
    book = play()
    leg = call(book)
    assert book.proxy.kept()["branches"] == 1
    book >> answers(leg, 486) << responds(486)
    assert book.proxy.kept()["branches"] == 0
    book >> answers(leg, 200, stray=True)


def test_an_accepted_invite_is_known_for_32_seconds_however_often_its_2xx_comes(play: Play) -> None:
    book = play()
    leg = call(book)
    book >> answers(leg, 200) << responds(200)
    for _ in range(3):
        book >> waits(10) >> answers(leg, 200, stray=True) << relays(INSIDE)
    book >> waits(2) >> answers(leg, 200, stray=True)
    assert book.proxy.kept()["branches"] == 0


def test_of_very_many_accepted_invites_the_oldest_are_forgotten(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contexts, "MAX_ACCEPTED", 3)
    book = play()
    legs = [call(book, number) for number in range(5)]
    for number, leg in enumerate(legs):
        book >> answers(leg, 200)
        assert len(book.drain()) == 1, number
    assert book.proxy.kept()["accepted"] == 3
    book >> answers(legs[1], 200, stray=True)
    book >> answers(legs[2], 200, stray=True) << relays(INSIDE)


def test_a_deadline_is_for_branches_that_are_still_open(play: Play) -> None:
    book = play()
    done, ringing = call(book, 1), call(book, 2)
    for leg, status in ((ringing, 180), (done, 486)):
        book >> answers(leg, status)
        book.drain()
    book >> waits(181) << cancels(ringing)


def test_timers_of_what_has_ended_are_swept_out(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contexts, "SPARE_TIMERS", 20)
    book = play()
    ringing = call(book, 0)
    book >> answers(ringing, 180) << responds(180)
    for number in range(1, 40):
        book >> answers(call(book, number), 486) << responds(486)
    assert book.proxy.kept()["timers"] <= 30
    book >> waits(181) << cancels(ringing)


def test_an_answered_invite_can_no_longer_be_cancelled(play: Play) -> None:
    leg, first = Leg(), Call()
    book = play() >> arrives(invite(), call=first) << responds(100) << forwards(leg) >> answers(leg, 180)
    book << responds(180) >> answers(leg, 200) << responds(200, to=first)
    book >> arrives(request("CANCEL")) << responds(481)


def test_requests_without_an_answer_are_counted(play: Play) -> None:
    book = play()
    one, two = call(book, 1), call(book, 2)
    assert book.proxy.kept()["unanswered"] == 2 and not book.proxy.is_quiet()
    for end in (answers(one, 486), fails(two, 408)):
        book >> end
        book.drain()
    assert book.proxy.kept()["unanswered"] == 0 and book.proxy.is_quiet()


def test_a_context_that_cannot_begin_is_not_kept(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    book = play()
    book.forgives = True
    monkeypatch.setattr(book.proxy.upkeep, "hops", lambda zone, uri, now: 1 / 0)
    book >> arrives(invite()) << responds(100) << responds(500)
    assert book.proxy.is_quiet() and not any(book.proxy.kept().values())
