"""How many requests wait for a connection to one hop in each of several workers, in the memory of bus/shelf.py."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from sipedge.bus.shelf import SharedShelf
from zones.zone import Hop

COUNTS = 40.0
"""Seconds that a number counts after its last change: no request waits longer than its transaction lasts (64*T1,
RFC 3261 17.1), and a worker that died leaves its numbers behind."""
ONE_SECOND = 1 << 20
"""A number on the shelf is the second of its change times this, and how many wait: more than fit never do."""


class WaitingOfAll:
    """One worker's view."""

    def __init__(self, shelf: SharedShelf, clock: Callable[[], float] = monotonic) -> None:
        """``clock``: the same in all workers."""
        self._shelf, self._clock = shelf, clock

    def put(self, hop: Hop, number: int) -> None:
        """So many wait here."""
        self._shelf.put(_key_of(hop, self._shelf.worker), int(self._clock()) * ONE_SECOND + number)

    def others(self, hop: Hop) -> int:
        """How many wait in all others."""
        shelf = self._shelf
        return sum(self._number(hop, worker) for worker in range(shelf.workers) if worker != shelf.worker)

    def _number(self, hop: Hop, worker: int) -> int:
        second, number = divmod(int(self._shelf.get(_key_of(hop, worker))), ONE_SECOND)
        return number if self._clock() - second < COUNTS else 0


def _key_of(hop: Hop, worker: int) -> int:
    """The same in all processes that were forked from one."""
    return hash(("waiting", hop, worker))
