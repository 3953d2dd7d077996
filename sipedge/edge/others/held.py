"""Messages that wait for another worker: for the next one in its seat, or for a call that it gives up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable

from sipedge.sip.message import Message

MOST = 1000
"""Messages; more do not wait."""


class Held:
    """Belongs to the event loop."""

    def __init__(self, late: Callable[[int, Message], None]) -> None:
        """``late`` gets what has waited in vain: its connection and the message."""
        self._late = late
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[Hashable, dict[int, tuple[int, Message, asyncio.TimerHandle]]] = {}
        self._count = self._last = 0

    def put(self, what: Hashable, seconds: float, connection: int, message: Message) -> bool:
        """``what``: is waited for. False: there is no room."""
        if self._count >= MOST:
            return False
        self._count += 1
        self._last += 1
        timer = self._loop.call_later(seconds, self._is_late, what, self._last)
        self._waiting.setdefault(what, {})[self._last] = connection, message, timer
        return True

    def take(self, what: Hashable) -> list[tuple[int, Message]]:
        """It is there: what has waited for it, in order."""
        waiting = self._waiting.pop(what, {}).values()
        self._count -= len(waiting)
        for _, _, timer in waiting:
            timer.cancel()
        return [(connection, message) for connection, message, _ in waiting]

    def _is_late(self, what: Hashable, number: int) -> None:
        connection, message, _ = self._waiting[what].pop(number)
        if not self._waiting[what]:
            del self._waiting[what]
        self._count -= 1
        self._late(connection, message)
