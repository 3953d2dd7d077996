"""A bound on log lines that strangers cause: each source gets a number of them in a period, the rest is counted."""

from __future__ import annotations

SOURCES = 1024
"""Sources remembered; beyond it all others share one count."""


class LogLimit:
    def __init__(self, lines: int = 10, period: float = 10.0) -> None:
        """Allow a source ``lines`` lines in ``period`` seconds."""
        self._lines, self._period = lines, period
        self._sources: dict[str, tuple[float, int]] = {}

    def admit(self, source: str, now: float) -> str | None:
        """A remark to add to the line: how many were left out before it, or ''. None: this line is left out, too."""
        if source not in self._sources and len(self._sources) >= SOURCES:
            self._forget(now)
            source = source if len(self._sources) < SOURCES else ""
        since, count = self._sources.get(source, (now, 0))
        left_out = 0
        if now - since >= self._period:
            since, count, left_out = now, 0, count - self._lines
        self._sources[source] = (since, count + 1)
        if count >= self._lines:
            return None
        return f" ({left_out} more like this were not logged)" if left_out > 0 else ""

    def _forget(self, now: float) -> None:
        self._sources = {key: value for key, value in self._sources.items() if now - value[0] < self._period}
