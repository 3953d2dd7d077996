"""A bound on log lines that lasts as long as their cause, and that lets no cause hide another."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import NamedTuple

OURS = ("sipedge", "zones", "dialplan")
"""Packages whose frames say where an exception comes from."""


class Kind(NamedTuple):
    """What shares one count."""

    place: str
    """``file:line`` of the log call; of an exception its type and the innermost frame of ours."""
    level: int
    source: str
    """Of ``extra``: the peer that caused the line, '' where there is none."""


@dataclass(slots=True)
class _Window:
    since: float
    room: int
    """Lines that may still pass in this period."""
    held_back: int = 0
    """Lines that did not pass since the last one that did."""


class RateLimit(logging.Filter):
    """Lets ``burst`` lines of a kind through in ``period`` seconds; the next one says how many were held back.

    While the cause lasts, one line passes in each further period; the burst comes back after a period in which nothing
    was held back. Of ``kinds`` kinds each has a count of its own; beyond these all sources of a place share one.
    """

    def __init__(
        self, burst: int = 20, period: float = 60.0, kinds: int = 1024, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._burst, self._period, self._kinds, self._clock = burst, period, kinds, clock
        self._windows: dict[Kind, _Window] = {}
        self._lock = Lock()
        """Filters run outside the handler's lock."""

    def filter(self, record: logging.LogRecord) -> bool:
        with self._lock:
            held_back = self._admit(kind_of(record), self._clock())
        if held_back:
            record.msg = f"{record.getMessage()} ({held_back} more like this were not logged)"
            record.args = ()
        return held_back is not None

    def _admit(self, kind: Kind, now: float) -> int | None:
        """How many lines were held back before this one; None: it is held back, too."""
        window = self._window(kind, now)
        passed = now - window.since
        if passed >= self._period:
            lasts = window.held_back and passed < 2 * self._period
            window.since, window.room = now, 1 if lasts else self._burst
        if not window.room:
            window.held_back += 1
            return None
        window.room -= 1
        held_back, window.held_back = window.held_back, 0
        return held_back

    def _window(self, kind: Kind, now: float) -> _Window:
        if kind not in self._windows and len(self._windows) >= self._kinds:
            self._windows = {key: window for key, window in self._windows.items() if now - window.since < self._period}
            if len(self._windows) >= self._kinds:
                kind = kind._replace(source="")
        return self._windows.setdefault(kind, _Window(now, self._burst))


def kind_of(record: logging.LogRecord) -> Kind:
    return Kind(_place(record), record.levelno, str(getattr(record, "source", "")))


def _place(record: logging.LogRecord) -> str:
    place = f"{record.pathname}:{record.lineno}"
    if not record.exc_info or record.exc_info[0] is None:
        return place
    kind, _, traceback = record.exc_info
    while traceback is not None:
        frame = traceback.tb_frame
        if str(frame.f_globals.get("__name__", "")).partition(".")[0] in OURS:
            place = f"{frame.f_code.co_filename}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return f"{kind.__qualname__} {place}"
