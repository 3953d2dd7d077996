from __future__ import annotations

from support.pjsip_texts import VIA, request

from sipedge.pjsip.overload import refuse
from sipedge.sip.message import parse_message


def test_what_identifies_the_request_is_in_the_answer() -> None:
    message = parse_message(request(extra=("v: SIP/2.0/TCP far.example.com;branch=z9hG4bKfar",)))
    answer = parse_message(refuse(message, "127.0.0.9"))
    assert (answer.status, answer.reason) == (503, "Service Unavailable")
    assert answer.values("via") == [f"{VIA};received=127.0.0.9", "SIP/2.0/TCP far.example.com;branch=z9hG4bKfar"]
    for name in ("from", "call-id", "cseq"):
        assert answer.values(name) == message.values(name)
    assert (answer.first("retry-after"), answer.content_length) == ("5", 0)


def test_every_answer_but_100_has_a_tag_in_to() -> None:
    """RFC 3261 8.2.6.2."""
    assert parse_message(refuse(parse_message(request()), "127.0.0.9")).to_tag
    tagged = parse_message(request(to="<sip:bob@example.com>;tag=there"))
    assert parse_message(refuse(tagged, "127.0.0.9")).to_tag == "there"


def test_a_via_that_says_received_already_is_left() -> None:
    message = parse_message(request(via=VIA + ";received=192.0.2.1"))
    assert parse_message(refuse(message, "127.0.0.9")).values("via") == [VIA + ";received=192.0.2.1"]
