from __future__ import annotations

import asyncio
import socket

from sipedge.network.tcp.options import break_after, os_reason, unacknowledged, was_closed


def test_the_kernel_watches_a_peer_that_says_nothing() -> None:
    with socket.socket() as raw:
        break_after(raw, 30.0)
        assert raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 30_000
        assert raw.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


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
