"""Pauses after wrong passwords: twice as long each time, so that guessing ends before it begins."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

FIRST = 1.0
LONGEST = 60.0
QUIET = 3600.0
"""All in seconds. After so long without a wrong password the next pause is the first again."""
MOST = 4096


@dataclass(slots=True)
class _Pause:
    until: float
    failures: int


class Pauses:
    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._pauses: OrderedDict[Hashable, _Pause] = OrderedDict()
        """The one that failed longest ago first, which gives way to a new one where there are too many."""

    def __len__(self) -> int:
        return len(self._pauses)

    def left(self, who: Hashable, now: float) -> float:
        """Seconds until ``who`` may try again; 0.0: at once."""
        pause = self._pauses.get(who)
        return 0.0 if pause is None else max(pause.until - now, 0.0)

    def failed(self, who: Hashable, now: float) -> float:
        """A try failed: the seconds of the pause that begins."""
        before = self._pauses.pop(who, None)
        failures = before.failures + 1 if before is not None and now < before.until + QUIET else 1
        length = min(LONGEST, FIRST * 2.0 ** min(failures - 1, 16))
        self._pauses[who] = _Pause(now + length, failures)
        if len(self._pauses) > self._most:
            self._pauses.popitem(last=False)
        return length

    def succeeded(self, who: Hashable) -> None:
        self._pauses.pop(who, None)
