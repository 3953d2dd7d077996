"""Options of a TCP socket, and errors of the system in its own words."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import socket
import sys
import termios

KEEP_ALIVE = 30
"""Seconds of silence after which TCP asks whether the peer is still there (RFC 9293 3.8.4)."""
TCP_RTO_MAX_MS = 44
"""Of linux/tcp.h since Linux 6.15; Python 3.11 does not name it."""
RETRY = 4.0
"""Seconds: T2, at which SIP itself stops to double its own retransmissions (RFC 3261 17.1.2.2)."""
HIGH_WATER = 512 * 1024
"""Unsent bytes at which a connection is *blocked*: no more is written to it and it is not read from."""
LOW_WATER = 128 * 1024


def break_after(raw: socket.socket, seconds: float) -> None:
    """Have the kernel break the connection when the peer takes nothing for so long, or is not there.

    TCP alone would try for a quarter of an hour, and every request to that peer would time out meanwhile (RFC 5482).
    """
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(seconds * 1000))
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEP_ALIVE)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, KEEP_ALIVE)


def retry_within(raw: socket.socket, seconds: float = RETRY) -> None:
    """Have the kernel send again at least so often what the peer has not acknowledged, where Linux can (6.15).

    Each time TCP waits twice as long (RFC 6298 5.5). So a peer that was held up, and whose system threw segments away
    for lack of room, would have to wait once more for as long as that lasted, although it has room again.
    """
    with contextlib.suppress(OSError):
        raw.setsockopt(socket.IPPROTO_TCP, TCP_RTO_MAX_MS, int(seconds * 1000))


def unacknowledged(raw: socket.socket) -> int:
    """How many of the bytes written to a connection the peer's system has not acknowledged (SIOCOUTQ in tcp(7))."""
    waiting = fcntl.ioctl(raw.fileno(), termios.TIOCOUTQ, bytes(4))
    return int.from_bytes(waiting, sys.byteorder)


def was_closed(raw: socket.socket) -> bool:
    """Whether a peer that has sent its end of file answers what comes now with a reset: nobody will read it.

    Linux reports that as EPIPE, and as ECONNRESET a reset without an end of file. Asking clears the error.
    """
    return raw.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.EPIPE


def os_reason(error: BaseException) -> str:
    """The system's words for an OSError: asyncio puts its own, with numbers for a programmer, in their place."""
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno).lower()
    return str(error) or type(error).__name__
