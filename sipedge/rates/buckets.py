"""Token buckets by key, each of them one number (the generic cell rate algorithm, ITU-T I.371 annex A).

The number is the time at which the bucket is full again. A bucket that is full says nothing, so it may be let go.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

from .shelf import Shelf, key_of

MOST = 4096
"""Keys kept at once; the one that was used longest ago gives way, as if its bucket were full."""
SLACK = 1e-9
"""Seconds: sums of intervals are not exact, and the last token of a burst must not be lost by that."""


class Buckets:
    """In any time t at most ``rate * t + rate * burst`` tokens are taken with one key (but one token always can be)."""

    def __init__(self, most: int = MOST, shelf: Shelf | None = None, name: Hashable = "") -> None:
        """``shelf``: where several processes take from the same buckets, those that have the same ``name``."""
        self._most, self._shelf, self._name = most, shelf, name
        self._full_at: OrderedDict[Hashable, float] = OrderedDict()
        """In the order of their last use."""

    def __len__(self) -> int:
        """Buckets that are not full, and those that have become so since they were used last."""
        return len(self._full_at)

    def take(self, key: Hashable, rate: float, burst: float, now: float) -> float:
        """Take a token: 0.0, or the seconds until there is one. ``rate``: tokens a second; ``burst``: in seconds."""
        full_at, interval = self._full_at, 1.0 / rate
        shelf, shared = self._shelf, 0
        if shelf is None:
            behind = full_at.get(key, now) - now
        else:
            shared = key_of(self._name, key)
            behind = shelf.get(shared) - now
        if behind < 0.0:
            behind = 0.0
        room = burst - interval if burst > interval else 0.0
        if behind > room + SLACK:
            return behind - room
        if shelf is not None:
            shelf.put(shared, now + behind + interval)
        full_at[key] = now + behind + interval
        full_at.move_to_end(key)
        if len(full_at) > self._most:
            full_at.popitem(last=False)
        return 0.0

    def last_full(self, now: float) -> float:
        """When the bucket that was used last is full; ``now`` where there is none."""
        return self._full_at[next(reversed(self._full_at))] if self._full_at else now

    def let_go(self, now: float) -> None:
        """Forget those used longest ago that are full, so that ``len`` says how many are in use."""
        full_at = self._full_at
        while full_at and full_at[next(iter(full_at))] <= now:
            full_at.popitem(last=False)
