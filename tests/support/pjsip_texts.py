"""Requests and responses as bytes, for the tests of the stack."""

from __future__ import annotations

VIA = "SIP/2.0/TLS 127.0.0.9:5061;branch=z9hG4bKcaller"


def request(
    method: str = "MESSAGE",
    *,
    uri: str = "sip:bob@example.com",
    via: str = VIA,
    cseq: str | None = None,
    to: str = "<sip:bob@example.com>",
    call_id: str = "call@127.0.0.9",
    extra: tuple[str, ...] = (),
    body: str = "",
) -> bytes:
    lines = [
        f"{method} {uri} SIP/2.0",
        f"Via: {via}",
        "Max-Forwards: 70",
        'From: "Alice" <sip:alice@example.org>;tag=alice',
        f"To: {to}",
        f"Call-ID: {call_id}",
        f"CSeq: {cseq or '7 ' + method}",
        *extra,
        f"Content-Length: {len(body)}",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def response(
    status: int = 200,
    method: str = "MESSAGE",
    *,
    branch: str = "z9hG4bKedge",
    cseq: str | None = None,
    reason: str = "OK",
    body: str = "",
) -> bytes:
    """As the callee sends it: the edge's Via on top of the caller's."""
    lines = [
        f"SIP/2.0 {status} {reason}",
        f"Via: SIP/2.0/TLS edge.example.com:5061;branch={branch}",
        f"Via: {VIA}",
        'From: "Alice" <sip:alice@example.org>;tag=alice',
        "To: <sip:bob@example.com>;tag=bob",
        "Call-ID: call@127.0.0.9",
        f"CSeq: {cseq or '7 ' + method}",
        f"Content-Length: {len(body)}",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def answer(status: int = 200, method: str = "MESSAGE") -> bytes:
    """As it goes to the caller; the odd spacing and the unknown header show that nothing is printed anew."""
    text = (
        f"SIP/2.0 {status} Whatever\r\nVia:   {VIA}\r\nf: <sip:alice@example.org>;tag=alice\r\n"
        f"To: <sip:bob@example.com>;tag=bob\r\nX-Odd :  kept\r\n folded\r\nCall-ID: call@127.0.0.9\r\n"
        f"CSeq: 7 {method}\r\nContent-Length: 4\r\n\r\nbody"
    )
    return text.encode()


def forwarded(method: str = "MESSAGE", branch: str = "z9hG4bKedge", extra: tuple[str, ...] = ()) -> bytes:
    """A request as the edge sends it on: its own Via on top."""
    own = f"Via: SIP/2.0/TLS edge.example.com:5061;branch={branch}\r\nVia: "
    return request(method, extra=extra).replace(b"Via: ", own.encode(), 1)
