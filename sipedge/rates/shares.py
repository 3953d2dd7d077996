"""One rate for many: all of it may be used by whoever comes, but nobody takes another's share."""

from __future__ import annotations

from collections.abc import Hashable

from .buckets import MOST, Buckets

AT_ONCE = 1 / 8
"""The part of ``burst`` in which a share may be taken at once: of the lower half, most stays for who comes next."""


class Shares:
    """One bucket. Its upper half is anybody's, its lower half only for those who are within their share.

    A share is the rate divided by how many use the lower half now, and one that may come. Shares together are no more
    than what flows in, so one that is not used up finds a token there, whatever the others want.
    """

    def __init__(self, most: int = MOST) -> None:
        self._level: float | None = None
        """Tokens; None: full."""
        self._at = 0.0
        self._shares = Buckets(most)

    def __len__(self) -> int:
        return len(self._shares)

    def take(self, who: Hashable, rate: float, burst: float, now: float) -> float:
        """Take a token: 0.0, or the seconds until one may be there. In any time t at most ``rate * (t + burst)`` are
        taken (but one token always can be)."""
        whole = max(rate * burst, 1.0)
        level = whole if self._level is None else min(whole, self._level + (now - self._at) * rate)
        self._level, self._at = level, now
        if level < 1.0:
            return (1.0 - level) / rate
        others = min(whole / 2, whole - 1.0)
        if level - 1.0 < others:
            self._shares.let_go(now)
            pause = self._shares.take(who, rate / (len(self._shares) + 1), burst * AT_ONCE, now)
            if pause:
                return min(pause, (others + 1.0 - level) / rate)
        self._level = level - 1.0
        return 0.0
