from __future__ import annotations

import asyncio
import ctypes
import socket
import struct
import sys
import time

import pytest

from sipedge.network.tcp.options import TCP_RTO_MAX_MS, break_after, os_reason, retry_within, unacknowledged, was_closed


def test_the_kernel_watches_a_peer_that_says_nothing() -> None:
    with socket.socket() as raw:
        break_after(raw, 30.0)
        assert raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 30_000
        assert raw.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


def _drop_what_comes(raw: socket.socket) -> None:
    """As a system does that has no room: a filter that takes no packet (socket(7), SO_ATTACH_FILTER)."""
    nothing = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))
    raw.setsockopt(socket.SOL_SOCKET, 26, struct.pack("HL", 1, ctypes.addressof(nothing)))


def _tries(raw: socket.socket) -> tuple[int, int]:
    """How often the same was sent again, and after how many microseconds it is the next time (struct tcp_info)."""
    told = raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    return told[2], int.from_bytes(told[8:12], sys.byteorder)


@pytest.mark.slow
def test_what_a_peer_does_not_acknowledge_is_sent_again_at_least_so_often() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.create_connection(listening.getsockname()) as near:
        try:
            near.setsockopt(socket.IPPROTO_TCP, TCP_RTO_MAX_MS, 120_000)
        except OSError:
            pytest.skip("this Linux has no TCP_RTO_MAX_MS")
        far, _ = listening.accept()
        with far:
            _drop_what_comes(far)
            retry_within(near, 1.0)
            near.sendall(b"lost")
            end = time.monotonic() + 20
            while (tried := _tries(near))[0] < 4:  # 0.2, 0.4, 0.8 s, and 1.6 without a bound
                assert time.monotonic() < end
                time.sleep(0.05)  # the kernel tells nobody that it sends again
            assert 0.9e6 <= tried[1] <= 1.1e6


def test_reasons_are_the_systems_words() -> None:
    assert os_reason(ConnectionRefusedError(111, "Connect call failed ('127.0.0.1', 1)")) == "connection refused"
    assert os_reason(OSError("Multiple exceptions")) == "Multiple exceptions"
    assert os_reason(asyncio.IncompleteReadError(b"", 1)) != ""
    assert os_reason(TimeoutError()) == "TimeoutError"


def test_what_a_peer_that_has_closed_is_sent_is_known_to_be_lost() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.create_connection(listening.getsockname()) as near:
        far, _ = listening.accept()
        near.sendall(b"read")
        assert far.recv(9) == b"read"
        far.close()
        assert near.recv(9) == b""
        assert (unacknowledged(near), was_closed(near)) == (0, False)
        near.sendall(b"never read")
        assert (unacknowledged(near), was_closed(near)) == (10, True)


def test_a_peer_that_has_closed_one_side_acknowledges_what_it_is_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.create_connection(listening.getsockname()) as near:
        far, _ = listening.accept()
        far.shutdown(socket.SHUT_WR)
        assert near.recv(9) == b""
        near.sendall(b"read")
        assert far.recv(9) == b"read"
        assert (unacknowledged(near), was_closed(near)) == (0, False)
        far.close()
