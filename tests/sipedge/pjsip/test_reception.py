"""What becomes MalformedReceived, with header, line and column, and what does not."""

from __future__ import annotations

from typing import Any

import pytest
from support.pjsip_texts import VIA, forwarded, request, response

from sipedge.sip.message import Message

Wire = Any


def edited(old: str, new: str, data: bytes | None = None) -> bytes:
    data = request() if data is None else data
    assert old.encode() in data
    return data.replace(old.encode(), new.encode(), 1)


def without(name: str, data: bytes) -> bytes:
    return b"\r\n".join(line for line in data.split(b"\r\n") if not line.startswith(name.encode() + b":"))


@pytest.mark.parametrize("header", ["Via", "From", "To", "Call-ID", "CSeq"])
def test_a_missing_header(wire: Wire, header: str) -> None:
    assert wire.malformed(without(header, request())) == (header, 0, 0)
    assert wire.malformed(without(header, response()), wire.callee) == (header, 0, 0)


def test_max_forwards_may_be_missing(wire: Wire) -> None:
    assert wire.request(without("Max-Forwards", request())).transaction


@pytest.mark.parametrize("header", ["From", "To", "Call-ID", "CSeq", "Max-Forwards"])
def test_a_repeated_header(wire: Wire, header: str) -> None:
    line = next(line for line in request().decode().split("\r\n") if line.startswith(header))
    assert wire.malformed(request(extra=("X: y", line))) == (header, 9, 1)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("sip:bob@example.com SIP", "sip:bob@[2001 SIP", ("Request-URI", 1, 30)),
        (f"Via: {VIA}", "Via: SIP/2.0/TLS h;;x", ("Via", 2, 20)),
        (f"Via: {VIA}", f"Via: {VIA}\r\nv: nonsense", ("Via", 3, 12)),
        ("From: ", "f: <", ("From", 4, 5)),
        ("<sip:bob@example.com>", '"Bob <sip:bob@example.com>', ("To", 5, 5)),
        ("CSeq: 7 MESSAGE", "CSeq: x MESSAGE", ("CSeq", 7, 7)),
        ("CSeq: 7 MESSAGE", "CSeq: 7 INVITE", ("CSeq", 7, 1)),
        ("CSeq: 7 MESSAGE", "CSeq: 99999999999 MESSAGE", ("CSeq", 7, 19)),
        ("CSeq: 7 MESSAGE", "CSeq: 7\r\n x MESSAGE", ("CSeq", 8, 4)),
        ("Max-Forwards: 70", "Max-Forwards: many", ("Max-Forwards", 3, 15)),
        ("Content-Length: 0", "Route: <sip:a\r\nContent-Length: 0", ("Route", 8, 14)),
        ("Content-Length: 0", "Record-Route: sip:<a>\r\nContent-Length: 0", ("Record-Route", 8, 19)),
        ("Content-Length: 0", "Content-Length: -1", ("Content-Length", 8, 1)),
        ("Content-Length: 0", "l: 99999999999999999999", ("Content-Length", 8, 1)),
        ("Content-Length: 0", "Content-Length: 0\r\nl: 5", ("Content-Length", 8, 1)),
    ],
)
def test_position_of_what_cannot_be_read(wire: Wire, old: str, new: str, expected: tuple[str, int, int]) -> None:
    assert wire.malformed(edited(old, new)) == expected


def test_position_after_folded_lines(wire: Wire) -> None:
    data = edited("CSeq: 7", "CSeq: x", edited('"Alice"', '"A\r\n lice"'))
    assert wire.malformed(data) == ("CSeq", 8, 7)


def test_folded_lines(wire: Wire) -> None:
    """Legal wherever blanks are, quoted strings included (RFC 3261 25.1: LWS)."""
    data = edited("Via: ", "Via:\r\n\t", edited('"Alice" ', '"A\r\n lice"\r\n  '))
    assert wire.request(data).message.head == data


@pytest.mark.parametrize(
    "line",
    [
        "Contact: <sip:broken",
        "Date: yesterday",
        "Allow: ,,,",
        "Supported: \x01",
        "Content-Type: multipart/mixed",
        "Content-Type: ;;;",
        "Authorization: Digest",
        "Expires: never",
        "Require: " + "a," * 3000 + "a",
    ],
)
def test_headers_that_routing_does_not_need_may_be_broken(wire: Wire, line: str) -> None:
    event = wire.request(request(extra=(line,), body="--x--"))
    assert line.encode() in event.message.head


def test_the_body_is_never_parsed(wire: Wire) -> None:
    body = "--x\r\nContent-Type: multipart/mixed;boundary=y\r\n\r\n--y"
    event = wire.request(request(extra=('Content-Type: multipart/mixed;boundary="x"',), body=body))
    assert event.message.body == body.encode()


@pytest.mark.parametrize(
    "uri", ["tel:+1555", "nobodyKnows:x", "http://example.com/?a b".replace(" ", ""), "<sip:a@b>", "x"]
)
def test_request_uris_of_other_schemes_reach_the_core(wire: Wire, uri: str) -> None:
    assert wire.request(request(uri=uri)).message.uri == uri


@pytest.mark.parametrize("uri", ["sip:b@h;" + "o" * 1800, "SIPS:b@h", "sip:%61@h;x=%20", "sip:b:p@[::1]:5061?h=v"])
def test_sip_uris_of_every_kind(wire: Wire, uri: str) -> None:
    assert wire.request(request(uri=uri)).message.uri == uri


def test_nul_in_a_quoted_string(wire: Wire) -> None:
    """RFC 4475 3.1.1.2; anywhere else it is a syntax error as every other control character."""
    assert wire.request(request(to='"NUL:\\\0 quoted" <sip:bob@example.com>;tag=1')).transaction
    assert wire.malformed(request(to="<sip:bob@exa\0mple.com>"))[0] == "To"
    assert wire.malformed(request(via="SIP/2.0/TLS 127.0.0.9;branch=z9hG4bK1\0;x"))[0] == "Via"


@pytest.mark.parametrize("reason", ["", "\xe4\x01", "<sip:;,"])
def test_reason_phrases_are_free(wire: Wire, reason: str) -> None:
    assert wire.stack.forward("z9hG4bKedge", wire.callee, forwarded(), b"")
    assert wire.response(response(reason=reason)).message.status == 200


def test_a_header_section_above_the_limit(wire: Wire) -> None:
    assert wire.malformed(request(extra=("Route: <sip:" + "x" * 66000 + ">",)))[0] == "header section"


def test_what_comes_is_passed_on_unchanged(wire: Wire) -> None:
    data = request(extra=("X:  a \r\n\tb",), body="\0\xff")
    message: Message = wire.request(data).message
    assert message.to_bytes() == data
