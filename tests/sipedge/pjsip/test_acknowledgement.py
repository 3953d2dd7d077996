from __future__ import annotations

from support.pjsip_texts import forwarded, response

from sipedge.pjsip.acknowledgement import acknowledge
from sipedge.sip.message import Message, parse_message

INVITE = parse_message(forwarded("INVITE", extra=("Route: <sip:a;lr>", "Contact: <sip:x>", "Route: <sip:b;lr>")))


def test_lines_of_the_invite_stand_as_they_were_sent() -> None:
    """RFC 3261 17.1.1.3."""
    ack = parse_message(acknowledge(INVITE.head, parse_message(response(404, "INVITE"))))
    assert ack.start_line == "ACK sip:bob@example.com SIP/2.0"
    for name in ("from", "call-id"):
        assert ack.values(name) == INVITE.values(name)
    assert ack.values("via") == INVITE.values("via")[:1]
    assert ack.values("route") == ["<sip:a;lr>", "<sip:b;lr>"]
    assert ack.values("to") == ["<sip:bob@example.com>;tag=bob"]
    assert ack.first("cseq") == "7 ACK"
    assert (ack.first("max-forwards"), ack.content_length, ack.first("contact")) == ("70", 0, None)


def test_only_the_first_of_several_vias_in_a_line() -> None:
    lines = list(INVITE.lines)
    lines[1:3] = [b'v: SIP/2.0/TLS a;branch=z9hG4bK1;x="a,b" , SIP/2.0/TLS b;branch=z9hG4bK2']
    head = b"\r\n".join(lines) + b"\r\n\r\n"
    ack = Message(acknowledge(head, parse_message(response(404, "INVITE"))))
    assert ack.values("via") == ['SIP/2.0/TLS a;branch=z9hG4bK1;x="a,b"']


def test_folded_cseq_and_compact_names() -> None:
    head = INVITE.head.replace(b"CSeq: 7 INVITE", b"CSeq: 7\r\n INVITE").replace(b"Call-ID:", b"i:")
    ack = Message(acknowledge(head, parse_message(response(404, "INVITE"))))
    assert (ack.first("cseq"), ack.call_id) == ("7 ACK", INVITE.call_id)
