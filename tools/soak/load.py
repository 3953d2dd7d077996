"""The load: requests at a rate that heeds no answer (open loop), dealt out to the pairs by their shares."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from time import monotonic

from .caller import Caller

TICK = 0.01


class Load:
    """``rate``: requests a second in all. ``run`` ends by being cancelled.

    ``late``: the longest that a tick came too late, in seconds. A machine that has no time for the load has none for
    the edge either, and the times of the run say little.
    """

    def __init__(self, callers: Sequence[Caller], shares: dict[str, float], rate: float) -> None:
        self.late = 0.0
        self._rates = [(caller, rate * shares[caller.pair]) for caller in callers]

    async def run(self) -> None:
        began = last = monotonic()
        sent = [0] * len(self._rates)
        while True:
            await asyncio.sleep(TICK)
            now = monotonic()
            self.late = max(self.late, now - last - TICK)
            last = now
            for number, (caller, rate) in enumerate(self._rates):
                due = int((last - began) * rate)
                for _ in range(due - sent[number]):
                    caller.send(last)
                sent[number] = due
