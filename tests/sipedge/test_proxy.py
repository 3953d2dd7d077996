"""The proxy core in conversations (RFC 3261 section 16)."""

from __future__ import annotations

from support.messages import invite, request
from support.playbook import INSIDE, Leg, answers, arrives, forwards, responds


def test_a_message_goes_out_and_its_answer_comes_back(play) -> None:
    leg = Leg()
    (
        play()
        >> arrives(request("MESSAGE", body=b"hello"), INSIDE)
        << forwards(leg, zone="Outside", uri="sip:bob@outside.example", body=b"hello", max_forwards="15")
        >> answers(leg, 200)
        << responds(200)
    )


def test_an_invite_gets_100_and_then_what_the_callee_says(play) -> None:
    leg = Leg()
    (
        play()
        >> arrives(invite(), INSIDE)
        << responds(100)
        << forwards(leg, zone="Outside")
        >> answers(leg, 100)
        >> answers(leg, 180)
        << responds(180)
        >> answers(leg, 200)
        << responds(200)
    )
