"""Pauses after wrong passwords: twice as long each time, so that guessing ends before it begins."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

from .shelf import Shelf, key_of

FIRST = 1.0
LONGEST = 60.0
QUIET = 3600.0
"""All in seconds. After so long without a wrong password the next pause is the first again."""
MOST = 4096


@dataclass(frozen=True, slots=True)
class _Pause:
    until: float
    failures: int


_NONE = _Pause(0.0, 0)


class Pauses:
    def __init__(self, most: int = MOST, shelf: Shelf | None = None) -> None:
        """``shelf``: where somebody may try at several processes, whose pauses are one."""
        self._most, self._shelf = most, shelf
        self._pauses: OrderedDict[Hashable, _Pause] = OrderedDict()
        """Those of this process. The one that failed longest ago first, which gives way to a new one where there are
        too many."""

    def __len__(self) -> int:
        return len(self._pauses)

    def left(self, who: Hashable, now: float) -> float:
        """Seconds until ``who`` may try again; 0.0: at once."""
        return max(self._of(who).until - now, 0.0)

    def failed(self, who: Hashable, now: float) -> float:
        """A try failed: the seconds of the pause that begins."""
        before = self._of(who)
        failures = before.failures + 1 if now < before.until + QUIET else 1
        length = min(LONGEST, FIRST * 2.0 ** min(failures - 1, 16))
        self._keep(who, _Pause(now + length, failures))
        self._pauses.move_to_end(who)
        if len(self._pauses) > self._most:
            self._pauses.popitem(last=False)
        return length

    def succeeded(self, who: Hashable) -> None:
        if self._of(who) is not _NONE:
            self._keep(who, _NONE)
            del self._pauses[who]

    def forget(self) -> None:
        """All that this process knows of."""
        for who in list(self._pauses):
            self.succeeded(who)

    def _of(self, who: Hashable) -> _Pause:
        if self._shelf is None:
            return self._pauses.get(who, _NONE)
        failures = self._shelf.get(key_of("failures", who))
        return _Pause(self._shelf.get(key_of("pause", who)), int(failures)) if failures else _NONE

    def _keep(self, who: Hashable, pause: _Pause) -> None:
        self._pauses[who] = pause
        if self._shelf is not None:
            self._shelf.put(key_of("pause", who), pause.until)
            self._shelf.put(key_of("failures", who), pause.failures)
