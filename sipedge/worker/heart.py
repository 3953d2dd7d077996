"""The sign of life that the event loop gives to the supervisor."""

from __future__ import annotations

import asyncio

from sipedge.settings import Limits
from sipedge.supervisor.link import Link

INTERVAL = 1.0


class Heart:
    """Belongs to the event loop. It stops with the loop, and some time after the end was asked for."""

    def __init__(self, link: Link, limits: Limits) -> None:
        """``limits``: those in force; a reload sets others."""
        self.limits = limits
        self._link = link
        self._loop = asyncio.get_running_loop()
        self._until = float("inf")

    def beat(self) -> None:
        """Now, and from now on."""
        if self._loop.time() < self._until:
            self._link.beat()
            self._loop.call_later(min(INTERVAL, self.limits.heartbeat / 4), self.beat)

    def end(self, more: float) -> None:
        """Beat only as long as the drain and ``more`` seconds may take: an end that hangs is then cut short."""
        self._until = min(self._until, self._loop.time() + self.limits.drain + more)
