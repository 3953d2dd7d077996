"""How response contexts end before their time: CANCEL (RFC 3261 16.10), Timer C (16.8); and what is left of them."""

from __future__ import annotations

import pytest
from support.messages import invite, request
from support.playbook import (
    INSIDE,
    OUTSIDE,
    STRANGER,
    Call,
    Captured,
    Leg,
    Play,
    abandons,
    answers,
    answers_with,
    arrives,
    cancels,
    fails,
    forwards,
    responds,
    waits,
)
from support.settings import OUTSIDE_PEER, TWO_PEERS, forking

# ------------------------------------------------------------------------------------------------------------- CANCEL


def test_cancel_after_a_provisional_response(play: Play) -> None:
    leg, call, cancel = Leg(), Call(), Call()
    told, final = Captured(), Captured()
    (
        play()
        >> arrives(invite(), INSIDE, call)
        << responds(100)
        << forwards(leg)
        >> answers(leg, 180)
        << responds(180)
        >> arrives(request("CANCEL"), INSIDE, cancel)
        << responds(200, to=cancel, told=told)
        << cancels(leg)
        >> answers(leg, 487)
        << responds(487, to=call, told=final)
    )
    assert told.message.cseq == (1, "CANCEL")


def test_cancel_before_a_provisional_response(play: Play) -> None:
    leg, call, cancel = Leg(), Call(), Call()
    (
        play()
        >> arrives(invite(), INSIDE, call)
        << responds(100)
        << forwards(leg)
        >> arrives(request("CANCEL"), INSIDE, cancel)
        << responds(200, to=cancel)
        >> answers(leg, 100)
        << cancels(leg)
        >> answers(leg, 487)
        << responds(487, to=call)
    )


def test_a_2xx_that_crossed_the_cancel_wins(play: Play) -> None:
    leg, call = Leg(), Call()
    (
        play()
        >> arrives(invite(), INSIDE, call)
        << responds(100)
        << forwards(leg)
        >> answers(leg, 180)
        << responds(180)
        >> arrives(request("CANCEL"))
        << responds(200)
        << cancels(leg)
        >> answers(leg, 200)
        << responds(200, to=call)
    )


def test_a_cancelled_hop_that_stays_silent_is_given_32_seconds(play: Play) -> None:
    """The caller gets the 487 that the next hop owes; a hop is not tried again."""
    leg, call, told = Leg(), Call(), Captured()
    (
        play(TWO_PEERS)
        >> arrives(invite(), INSIDE, call)
        << responds(100)
        << forwards(leg)
        >> answers(leg, 180)
        << responds(180)
        >> arrives(request("CANCEL"))
        << responds(200)
        << cancels(leg)
        >> waits(31)
        >> waits(2)
        << abandons(leg)
        << responds(487, to=call, told=told, warning=None)
    )
    assert told.message.to_tag


def test_no_further_tier_after_a_cancel(play: Play) -> None:
    one, two, call = Leg(), Leg(), Call()
    book = (
        play(forking("continue")) >> arrives(invite(), INSIDE, call) << responds(100) << forwards(one) << forwards(two)
    )
    (book >> arrives(request("CANCEL")) << responds(200) >> fails(one) >> answers(two, 404) << responds(404, to=call))


def test_cancel_of_nothing_gets_481(play: Play) -> None:
    leg = Leg()
    (
        play()
        >> arrives(request("CANCEL"))
        << responds(481)
        >> arrives(invite())
        << responds(100)
        << forwards(leg)
        >> answers(leg, 486)
        << responds(486)
        >> arrives(request("CANCEL"))
        << responds(481)
    )


@pytest.mark.parametrize("connection", [OUTSIDE, STRANGER])
def test_only_the_caller_may_cancel(play: Play, connection: int) -> None:
    leg, call = Leg(), Call()
    (
        play()
        >> arrives(invite(), INSIDE, call)
        << responds(100)
        << forwards(leg)
        >> arrives(request("CANCEL"), connection)
        << responds(481)
        >> answers(leg, 200)
        << responds(200, to=call)
    )


def test_the_cancel_names_what_it_cancels(play: Play) -> None:
    leg, call = Leg(), Call()
    book = play() >> arrives(invite(routes=("<sip:far.outside.example@outside.example;lr>",)), INSIDE, call)
    book << responds(100) << forwards(leg) >> answers(leg, 180) << responds(180)
    book >> arrives(request("CANCEL")) << responds(200)
    (command,) = book.drain()
    lines = command.data.decode().split("\r\n")  # type: ignore[union-attr]
    assert lines == [
        "CANCEL sip:bob@outside.example SIP/2.0",
        f"Via: {leg.message.first('via')}",
        "Route: <sip:far.outside.example@outside.example;lr>",
        "From: <sip:alice@inside.example>;tag=alice-tag",
        "To: <sip:bob@outside.example>",
        "Call-ID: call-1",
        "CSeq: 1 CANCEL",
        "Max-Forwards: 70",
        "Content-Length: 0",
        "",
        "",
    ]


# ------------------------------------------------------------------------------------------------------------ Timer C


def test_timer_c_cancels_what_rings_too_long(play: Play) -> None:
    """16.8; each provisional response but 100 starts it anew (16.7 step 2)."""
    leg = Leg()
    (
        play()
        >> arrives(invite())
        << responds(100)
        << forwards(leg)
        >> waits(100)
        >> answers(leg, 100)
        >> answers(leg, 180)
        << responds(180)
        >> waits(100)
        >> answers(leg, 183)
        << responds(183)
        >> waits(180)
        >> waits(2)
        << cancels(leg)
        >> answers(leg, 487)
        << responds(487)
    )


def test_timer_c_without_any_answer(play: Play) -> None:
    leg = Leg()
    (
        play()
        >> arrives(invite())
        << responds(100)
        << forwards(leg)
        >> waits(182)
        << abandons(leg)
        << responds(408)
        >> answers(leg, 200, stray=True)
    )


def test_other_requests_have_no_timer_c(play: Play) -> None:
    leg = Leg()
    book = play() >> arrives(request()) << forwards(leg) >> waits(1000) << responds(100)
    book >> answers(leg, 200) << responds(200)


def test_nothing_is_kept_after_all_is_over(play: Play) -> None:
    book = play(forking())
    for number in range(3):
        one, two = Leg(), Leg()
        (
            book
            >> arrives(invite(call_id=f"c{number}"))
            << responds(100)
            << forwards(one)
            << forwards(two)
            >> answers(one, 200)
            << responds(200)
            >> fails(two, 408)
            >> waits(200)
        )
    assert not any(book.proxy.kept().values())


def test_the_history_knows_hops_and_status(play: Play) -> None:
    book = play(TWO_PEERS)
    one, two = Leg(), Leg()
    book >> arrives(request()) << forwards(one) >> fails(one) << forwards(two) >> answers(two, 200) << responds(200)
    (entry,) = book.entries
    assert [attempt.hop.address for attempt in entry.attempts] == [OUTSIDE_PEER, "198.51.100.21"]
    assert (entry.status, entry.zone, entry.method) == (200, "Inside", "MESSAGE")


def test_a_broken_via_fails_the_branch(play: Play) -> None:
    """16.7 step 3: a response with one Via is for this edge; as a final answer it says that the hop broke it."""
    leg = Leg()
    book = play() >> arrives(invite()) << responds(100) << forwards(leg)

    def short(status: int) -> object:
        whole = answers(leg, status).message  # type: ignore[union-attr]
        head = whole.head.replace(b"Via: SIP/2.0/TLS 192.0.2.10:5061;branch=z9hG4bKcaller\r\n", b"")
        return answers_with(leg, type(whole)(head))

    book >> short(180) >> short(200) << responds(502)  # type: ignore[operator]
    assert "Via" in book.log[0].text
