"""One rate for many: all of it may be used by whoever comes, but nobody takes another's share."""

from __future__ import annotations

from collections.abc import Hashable

from .buckets import MOST, Buckets
from .shelf import Shelf, key_of

SLACK = 1e-6
"""Tokens: times are not exact, and the last one must not be lost by that."""
AT_ONCE = 1 / 8
"""The part of ``burst`` in which a share may be taken at once: of the lower half, most stays for who comes next."""


class Shares:
    """One bucket. Its upper half is anybody's, its lower half only for those who are within their share.

    A share is the rate divided by how many use the lower half now, and one that may come. Shares together are no more
    than what flows in, so one that is not used up finds a token there, whatever the others want.
    """

    def __init__(self, most: int = MOST, shelf: Shelf | None = None, name: Hashable = "") -> None:
        """``shelf``: where several processes take from the same bucket, those that have the same ``name``."""
        self._full_at = 0.0
        """Seconds: when the bucket is full again."""
        self._shelf, self._key = shelf, key_of(name)
        self._users = [] if shelf is None else [key_of(name, number) for number in range(shelf.workers)]
        """Where each process says how many users it has, and behind that until when."""
        self._shares = Buckets(most, shelf, (name, "shares"))

    def __len__(self) -> int:
        return len(self._shares)

    def take(self, who: Hashable, rate: float, burst: float, now: float) -> float:
        """Take a token: 0.0, or the seconds until one may be there. In any time t at most ``rate * (t + burst)`` are
        taken (but one token always can be)."""
        whole = max(rate * burst, 1.0)
        full_at = max(now, self._full_at if self._shelf is None else self._shelf.get(self._key))
        level = whole - (full_at - now) * rate
        if level < 1.0 - SLACK:
            return (1.0 - level) / rate
        others = min(whole / 2, whole - 1.0)
        if level - 1.0 < others:
            self._shares.let_go(now)
            pause = self._shares.take(who, rate / (self._count_users(now) + 1), burst * AT_ONCE, now)
            if pause:
                return min(pause, (others + 1.0 - level) / rate)
        self._full_at = full_at + 1.0 / rate
        if self._shelf is not None:
            self._shelf.put(self._key, self._full_at)
        return 0.0

    def _count_users(self, now: float) -> int:
        """Of the lower half, in all processes. Whoever has connections to several counts in each."""
        mine, shelf = len(self._shares), self._shelf
        if shelf is None:
            return mine
        own = self._users[shelf.worker]
        shelf.put(own, mine)
        shelf.put(own + 1, self._shares.last_full(now))
        others = [key for key in self._users if key != own and shelf.get(key + 1) > now]
        return mine + sum(int(shelf.get(key)) for key in others)
