"""The last lines of the log, kept in memory for who asks the running edge."""

from __future__ import annotations

from collections import deque
from itertools import count
from typing import NamedTuple

KEPT = 1000
LONGEST = 4096
"""Characters of a line, traceback included."""


class Line(NamedTuple):
    number: int
    """Of this process: a later line has a larger one."""
    time: float
    """Seconds since the epoch."""
    level: str
    source: str
    """The part of the edge that says it."""
    text: str
    """Printable, but for the ends of lines of a traceback."""


class Recent:
    """Any thread may call it."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._lines: deque[Line] = deque(maxlen=KEPT)

    def add(self, time: float, level: str, source: str, text: str) -> None:
        self._lines.append(Line(next(self._numbers), time, level, source, text[:LONGEST]))

    def lines(self, after: int = 0) -> list[Line]:
        """Oldest first, those whose number is larger."""
        return [line for line in self._lines.copy() if line.number > after]
