"""``received`` and ``rport`` in the topmost Via (RFC 3261 18.2.1, RFC 3581 4)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from sipedge.sip.message import Message
from sipedge.sip.via import stamped_via

SOURCE = ("192.0.2.10", 40001)


def stamped(*vias: bytes, source: tuple[str, int] = SOURCE) -> bytes | None:
    return stamped_via(Message(b"\r\n".join((b"OPTIONS sip:a@b SIP/2.0", *vias)) + b"\r\n\r\n"), source)


@pytest.mark.parametrize(
    ("line", "after"),
    [
        (b"Via: SIP/2.0/TLS 192.0.2.10:5061;branch=z9hG4bK1", None),
        (
            b"Via: SIP/2.0/TLS a.example;branch=z9hG4bK1",
            b"Via: SIP/2.0/TLS a.example;branch=z9hG4bK1;received=192.0.2.10",
        ),
        (b"v:SIP/2.0/TLS a.example , SIP/2.0/TLS b", b"v:SIP/2.0/TLS a.example;received=192.0.2.10, SIP/2.0/TLS b"),
        (b"Via: SIP/2.0/TLS a;received=192.0.2.10", None),
        (b"Via: SIP/2.0/TLS a;received=10.0.0.1;x", b"Via: SIP/2.0/TLS a;received=192.0.2.10;x"),
        (b"Via: SIP/2.0/TLS a;rport;x", b"Via: SIP/2.0/TLS a;rport=40001;x;received=192.0.2.10"),
        (b"Via: SIP/2.0/TLS 192.0.2.10;rport", b"Via: SIP/2.0/TLS 192.0.2.10;rport=40001;received=192.0.2.10"),
        (b"Via: SIP/2.0/TLS a;RPORT=;x", b"Via: SIP/2.0/TLS a;RPORT=40001;x;received=192.0.2.10"),
        (b"Via: SIP/2.0/TLS a; rport ;x", b"Via: SIP/2.0/TLS a; rport=40001 ;x;received=192.0.2.10"),
        (b"Via: SIP/2.0/TLS a;rport=7", b"Via: SIP/2.0/TLS a;rport=7;received=192.0.2.10"),
        (
            b"Via: SIP/2.0/TLS a;rport;branch=z9hG4bKrport",
            b"Via: SIP/2.0/TLS a;rport=40001;branch=z9hG4bKrport;received=192.0.2.10",
        ),
        (
            b'Via: SIP/2.0/TLS a;x=";rport;";rport;ms-rport=1',
            b'Via: SIP/2.0/TLS a;x=";rport;";rport=40001;ms-rport=1;received=192.0.2.10',
        ),
        (b"Via: SIP/2.0/TLS\r\n a\r\n ;rport", b"Via: SIP/2.0/TLS\r\n a\r\n ;rport=40001;received=192.0.2.10"),
    ],
)
def test_the_topmost_via(line: bytes, after: bytes | None) -> None:
    assert stamped(line, b"Via: SIP/2.0/TLS other;rport") == after


def test_ipv6_source_is_written_as_it_stands() -> None:
    via = b"Via: SIP/2.0/TLS [2001:db8::9]:5061"
    assert stamped(via, source=("2001:db8::9", 1)) is None
    assert stamped(via, source=("2001:db8::7", 1)) == via + b";received=2001:db8::7"


PIECES = ("SIP/2.0/TLS ", "sip/2.0/tcp ", "SIP/2.0 ", "host.example", "192.0.2.1", "[2001:db8::1]", "-")
PIECES += (":5060", ":65000", ":99999", ":0", ";branch=z9hG4bKa", ";rport", ";received=1.2.3.4")
PIECES += (';x="a,b"', ';x="a', ";y", "=", ",", " ")


@examples(300)
@given(st.lists(st.sampled_from(PIECES), max_size=7).map("".join))
def test_the_short_cut_reads_no_via_that_the_parser_does_not(value: str) -> None:
    message = Message(f"MESSAGE sip:a@b SIP/2.0\r\nVia: {value}\r\n\r\n".encode())
    if message.plain_via_host is not None:
        assert message.via.host == message.plain_via_host
