"""Where TCP connections come from: sockets that listen, what was accepted there, addresses to connect to."""

from __future__ import annotations

import asyncio
import contextlib
import socket

from .readiness import Readiness
from .transport import Receiver, Transport

BACKLOG = 4096
"""Connections that wait to be accepted; the system bounds it (net.core.somaxconn). Where peers that come back find no
room, TCP lets them try again after 1, 3, 7 ... s."""


class Sockets:
    """Made inside a running event loop; ``close`` ends it, once all connections are gone."""

    def __init__(self) -> None:
        self._loop, self._readiness = asyncio.get_running_loop(), Readiness()

    @staticmethod
    def listen(address: str, port: int) -> socket.socket:
        """A socket that listens; port 0 for any. Raises OSError."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        opened = socket.create_server((address, port), family=family, backlog=BACKLOG)
        opened.setblocking(False)
        return opened

    def take(self, raw: socket.socket, receiver: Receiver) -> None:
        """Make a connection of a socket that is connected. ``connection_made`` comes within this call."""
        raw.setblocking(False)
        with contextlib.suppress(OSError):  # it is broken already, as will show
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        Transport(self._readiness, raw, receiver).begin()

    async def connect(self, receiver: Receiver, address: str, port: int, source: str) -> None:
        """``source``: the local address, '' for any. Raises OSError."""
        raw = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        try:
            raw.setblocking(False)
            if source:
                raw.bind((source, 0))
            await self._loop.sock_connect(raw, (address, port))
        except BaseException:
            raw.close()
            raise
        self.take(raw, receiver)

    def close(self) -> None:
        self._readiness.close()
