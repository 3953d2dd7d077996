from __future__ import annotations

import asyncio
import socket

from sipedge.network.tcp import break_after, os_reason


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
