from __future__ import annotations

from typing import Any

import pytest
from support.pjsip_texts import answer, request

from sipedge.pjsip.transport import socket_address

Wire = Any


def test_socket_addresses() -> None:
    family, address = socket_address("192.0.2.7", 5061)
    assert (family, address) == (2, b"\x02\0\x13\xc5\xc0\x00\x02\x07" + bytes(20))
    family, address = socket_address("2001:db8::7", 5061)
    assert (family, address) == (
        10,
        b"\x0a\0\x13\xc5" + bytes(4) + bytes.fromhex("20010db8" + "00" * 11 + "07") + bytes(4),
    )


def test_a_name_is_no_address() -> None:
    with pytest.raises(OSError):
        socket_address("example.com", 5061)


def test_a_link_local_address_keeps_no_scope(wire: Wire) -> None:
    connection = wire.open("fe80::1%eth0")
    event = wire.request(request(), connection)
    wire.stack.respond(event.transaction, 200, answer())
    assert wire.sent == [(connection, answer())]


def test_many_connections_of_one_address_and_port(wire: Wire) -> None:
    numbers = [wire.open("127.0.0.30") for _ in range(10)]
    for number in reversed(numbers):
        assert wire.receive(request(via=f"SIP/2.0/TLS h;branch=z9hG4bK{number}"), number)
    for number in numbers:
        wire.stack.close(number)
    assert wire.stack.counts().connections == 2
