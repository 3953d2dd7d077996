"""An event loop that never sleeps: where it would, its clock jumps ahead instead."""

from __future__ import annotations

import asyncio
import selectors


class Clock(asyncio.SelectorEventLoop):
    """``now`` is its time, to be set by whoever wants."""

    def __init__(self) -> None:
        self.now = 1000.0
        super().__init__(_Impatient(self))

    def time(self) -> float:
        return self.now


class _Impatient(selectors.DefaultSelector):
    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Without a timer in sight it waits like any other, for threads."""
        ready = super().select(timeout if timeout is None else 0)
        if not ready and timeout is not None:
            self._clock.now += max(timeout, 0.0)
        return ready
