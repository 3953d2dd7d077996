"""The edge's file of decisions carried into the history, and what is old forgotten."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from time import monotonic

from anyio import CapacityLimiter, sleep, to_thread

from sipedge.history.spool import Spool
from sipedge.history.wish import Batch, History

PAUSE = 0.3
"""Seconds between two looks when there was nothing: what was decided is seen within two."""
LONGEST = 0.2
"""Seconds that a thread carries in one go: then those who look are told."""
AFTER_TROUBLE = 5.0
FORGETTING = 60.0
"""Seconds between two times of forgetting."""


class Feeder:
    """One thread at a time works for it; the rest belongs to the event loop."""

    def __init__(self, history: History, path: str, days: float, size: int) -> None:
        """``path``: the file; '' where the edge writes none. ``days``, ``size`` (bytes): what is kept."""
        self.problem = "" if path else 'there is no history: [log] of edge.toml names no file of "decisions"'
        """Why the history does not grow: one sentence; ''."""
        self.unread = 0
        """Lines of the file that were no decisions."""
        self.lost = 0
        """Decisions that were put aside before they could be read, since the console began."""
        self._history, self._path = history, path
        self._days, self._size = days, size
        self._spool: Spool | None = None
        self._forgot = 0.0

    async def run(self, changed: Callable[[], None]) -> None:
        """For ever. ``changed`` is called whenever something came."""
        limiter = CapacityLimiter(1)
        while self._path:
            try:
                came = await to_thread.run_sync(self.step, limiter=limiter)
                self.problem = ""
            except (OSError, sqlite3.Error) as error:
                self.problem = f"the history does not grow: {error}"
                self.again()
                await sleep(AFTER_TROUBLE)
                continue
            if came:
                changed()
            else:
                await sleep(PAUSE)

    def again(self) -> None:
        """After trouble: go on with what the history has, not with what was read."""
        self.close()
        self._spool = None

    def close(self) -> None:
        if self._spool is not None:
            self._spool.close()

    def step(self) -> bool:
        """Carry what is there, for LONGEST at most; whether there was anything. Raises OSError."""
        if monotonic() > self._forgot + FORGETTING:
            self._history.forget(self._days, self._size)
            self._forgot = monotonic()
        if self._spool is None:
            self._spool = Spool(self._path, self._history.position())
        read = list[tuple[int, int]]()
        self._history.add(_batches(self._spool, read))
        self.unread += sum(unread for unread, _ in read)
        self.lost += sum(lost for _, lost in read)
        return bool(read)


def _batches(spool: Spool, read: list[tuple[int, int]]) -> Iterator[Batch]:
    """One after the other, so that little is in memory at once. ``read``: (unread, lost) of each is appended to it."""
    end = monotonic() + LONGEST
    while monotonic() < end and (batch := spool.read()) is not None:
        read.append((batch.unread, sum(gap.count for gap in batch.gaps)))
        yield batch
