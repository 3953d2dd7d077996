"""Limits on accepted connections: in all, from one source, and what one turn of the loop does about them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from sipedge.settings import Limits

SHARE = 16
"""Connections that are ended in one turn of the loop, each of which costs it some 60 microseconds."""
SWEPT = 128
"""Connections that are looked at in one turn of the loop: 0.6 microseconds each, of 10,000 that would be 6 ms."""


class Admission:
    """Counts connections from ``enter`` to ``leave``, even those that were too many."""

    def __init__(self) -> None:
        self.accepted = 0
        self._held: dict[str, int] = {}
        """Connections of each source; a source without any is not kept."""

    @property
    def sources(self) -> int:
        return len(self._held)

    def enter(self, source: str, limits: Limits) -> str:
        """Count a connection; why it is too many, '' when it is not. ``leave`` has to follow in both cases."""
        self.accepted += 1
        self._held[source] = held = self._held.get(source, 0) + 1
        if held > limits.connections_per_source:
            return f"too many connections from {source}"
        return "too many connections in all" if self.accepted > limits.connections else ""

    def leave(self, source: str) -> None:
        self.accepted -= 1
        self._held[source] -= 1
        if not self._held[source]:
            del self._held[source]


class Slices:
    """What may have to be done for thousands of connections at the same time: SHARE of it in a turn of the loop.

    Where all peers close at once, requests of others come in between.
    """

    def __init__(self) -> None:
        """Inside a running event loop."""
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Callable[[], object]] = deque()
        self._left = SHARE
        """What may still be done in this turn."""
        self._counts = False

    def __len__(self) -> int:
        return len(self._waiting)

    def do(self, work: Callable[[], object]) -> bool:
        """Do it now, or in a later turn where this one has had its share. Whether it is done."""
        if not self._counts:
            self._counts = True
            self._loop.call_soon(self._turn)
        if not self._left:
            self._waiting.append(work)
            return False
        self._left -= 1
        work()
        return True

    def _turn(self) -> None:
        self._left, self._counts = SHARE, bool(self._waiting)
        if self._waiting:
            self._loop.call_soon(self._turn)
        while self._waiting and self._left:
            self._left -= 1
            self._waiting.popleft()()
