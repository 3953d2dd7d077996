"""Sockets of coturn among those that the system lists."""

from __future__ import annotations

import socket

from sipedge.servers.turn.allocations import allocations, count, hex_address
from sipedge.web_settings import Turn

ROWS = """\
  sl  local_address rem_address   st tx_queue rx_queue
  1: 0100007F:5DC0 00000000:0000 07 00000000:00000000
  2: 0100007F:5DC1 00000000:0000 07 00000000:00000000
  3: 0100007F:0D96 00000000:0000 07 00000000:00000000
  4: 0200007F:5DC2 00000000:0000 07 00000000:00000000
"""


def test_those_of_the_address_within_the_range_count() -> None:
    assert count(ROWS.splitlines(), Turn("127.0.0.1", "example.com", ports=(24000, 24001))) == 2
    assert count(ROWS.splitlines(), Turn("127.0.0.1", "example.com", ports=(24001, 24001))) == 1
    assert count(ROWS.splitlines(), Turn("127.0.0.2", "example.com")) == 1


def test_addresses_are_written_as_the_system_writes_them() -> None:
    assert hex_address("127.0.0.1") == "0100007F"
    assert hex_address("::1") == "00000000000000000000000001000000"


def test_a_real_socket_is_found() -> None:
    for family, address in ((socket.AF_INET, "127.21.9.1"), (socket.AF_INET6, "::1")):
        with socket.socket(family, socket.SOCK_DGRAM) as one:
            one.bind((address, 0))
            port = one.getsockname()[1]
            assert allocations(Turn(address, "example.com", ports=(port, port))) == 1
