"""One connection of a browser: how many an address may have, and how long a request may be on its way.

uvicorn bounds all connections together, so without this a stranger who opens them and says nothing keeps everybody out.
"""

from __future__ import annotations

import asyncio
from typing import cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from .bounds.sources import source

MOST = 256
"""Connections and answers at the same time; further ones get 503."""
MOST_EACH = 128
"""Connections of one address, or of one IPv6 site. A reverse proxy has one for all whom it serves."""
PATIENCE = 30.0
"""Seconds until a request has come whole: 8 MiB over 2 Mbit/s."""
UNFINISHED = (h11.IDLE, h11.SEND_BODY)


class Connection(H11Protocol):
    """Belongs to the event loop."""

    source = ""
    """For whom it counts."""
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast(asyncio.Transport, transport))
        self.source = source(self.client[0]) if self.client else ""
        there = [each for each in self.connections if isinstance(each, Connection) and each.source == self.source]
        if len(there) > MOST_EACH:
            self.transport.abort()
        else:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_more()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state in UNFINISHED:
            self._wait()
        else:
            self._wait_no_more()

    def _wait(self) -> None:
        """From the first byte of a request on, not anew with each further one."""
        if self._deadline is None:
            self._deadline = self.loop.call_later(PATIENCE, self.transport.abort)

    def _wait_no_more(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
