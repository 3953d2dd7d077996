"""The edge's own responses (RFC 3261 8.2.6) and responses on their way upstream (16.7 step 3)."""

from __future__ import annotations

from support.messages import CALLER_VIA, answer_to, request, with_lines

from sipedge.sip.message import parse_message
from sipedge.sip.responses import response, response_to_bytes, warning, without_top_via


def test_a_response_copies_what_rfc_3261_says() -> None:
    message = request(
        via=("SIP/2.0/TLS a.example;rport;branch=z9hG4bK1", "SIP/2.0/TLS b.example;branch=z9hG4bK2"),
        extra=("Timestamp: 54", "Record-Route: <sip:x;lr>"),
    )
    answer = parse_message(
        response(message, 404, tag="t1", headers=(warning("edge:5061", "why"),), source=("192.0.2.10", 4444))
    )
    assert answer.lines == [
        b"SIP/2.0 404 Not Found",
        b"Via: SIP/2.0/TLS a.example;rport=4444;branch=z9hG4bK1;received=192.0.2.10",
        b"Via: SIP/2.0/TLS b.example;branch=z9hG4bK2",
        b"From: <sip:alice@inside.example>;tag=alice-tag",
        b"To: <sip:bob@outside.example>;tag=t1",
        b"Call-ID: call-1",
        b"CSeq: 1 MESSAGE",
        b'Warning: 399 edge:5061 "why"',
        b"Content-Length: 0",
    ]


def test_100_has_no_tag_and_the_timestamp() -> None:
    answer = parse_message(response(request(extra=("Timestamp: 54",)), 100, tag="t1"))
    assert (answer.to_tag, answer.first("timestamp")) == (None, "54")


def test_a_tag_that_is_there_stays() -> None:
    message = request(to="<sip:bob@outside.example>;tag=b")
    assert parse_message(response(message, 481, tag="t1")).first("to") == "<sip:bob@outside.example>;tag=b"


def test_a_via_that_cannot_be_read_goes_back_as_it_came() -> None:
    answer = response(request(via="SIP/2.0/TLS a:b:c"), 400, source=("192.0.2.10", 1))
    assert parse_message(answer).lines[1] == b"Via: SIP/2.0/TLS a:b:c"


def test_bytes_that_are_no_utf8_are_no_obstacle() -> None:
    message = with_lines(request(extra=("Proxy-Require: X",)), (b": X", b": \xff"))
    data = response(message, 420, headers=(("Unsupported", message.first("proxy-require") or ""),))
    assert b"Unsupported: \xff\r\n" in data


def test_a_warning_holds_no_quotes_and_no_line_breaks() -> None:
    assert warning("a:1", 'x "y"\\ \r\nz é') == ("Warning", "399 a:1 \"x 'y'' ''z '\"")


def test_the_top_via_comes_off_and_nothing_else() -> None:
    sent = request(via=("SIP/2.0/TLS edge;branch=z9hG4bKe", CALLER_VIA))
    answer = answer_to(sent, 200, extra=("X-Odd :  kept ",), body=b"body")
    expected = answer.to_bytes().replace(b"Via: SIP/2.0/TLS edge;branch=z9hG4bKe\r\n", b"")
    assert without_top_via(answer) == expected
    joined = with_lines(answer, (b"branch=z9hG4bKe\r\nVia: ", b"branch=z9hG4bKe , "))
    assert without_top_via(joined) == expected


def test_bytes_that_cannot_be_parsed_get_an_answer_from_what_is_there() -> None:
    head = request().head.replace(b"Max-Forwards: 70", b"no colon here").replace(b"Via", b"v")
    answer = parse_message(response_to_bytes(head, 400, (("X", "y"),)))
    assert (answer.status, answer.call_id, answer.via.branch) == (400, "call-1", "z9hG4bKcaller")


def test_some_bytes_get_none() -> None:
    for method in ("ACK", "BENOTIFY"):
        assert response_to_bytes(request(method).head, 400, ()) == b""
    assert response_to_bytes(answer_to(request(), 200).head, 400, ()) == b""
    assert response_to_bytes(request().head.replace(b"Via:", b"Vie:"), 400, ()) == b""
    assert response_to_bytes(request().head.replace(b"CSeq:", b"Cseg:"), 400, ()) == b""
