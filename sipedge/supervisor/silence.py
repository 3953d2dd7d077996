"""How long a worker has shown no sign of life, and how much of that is its own fault.

A worker that waits for a core is not hung: a new one would wait longer. And a supervisor that did not run itself (a
paused machine, a frozen group of processes) has seen nothing of its workers in that time.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

PATIENT = 3.0
"""After so many times the limit a worker is given up although it waited for a core all the time."""
NANOSECONDS = 1e9


class Thread(NamedTuple):
    """What the kernel says of one thread: proc(5), /proc/PID/task/TID."""

    is_ready: bool
    """It runs, or wants to."""
    ran: float
    """Seconds on a core so far."""
    waited: float
    """Seconds that it waited for one before it ran again; of a wait that goes on nothing is in it."""


Threads = Mapping[str, Thread]
"""By their number."""


class Silence:
    """Of one worker since its last sign of life, in seconds."""

    def __init__(self) -> None:
        self._counted = self._whole = 0.0
        self._threads: Threads | None = None
        """As they were at the last look, where it was worth one."""

    def passed(self, seconds: float, pid: int, limit: float) -> None:
        """So much time more, of which the supervisor has seen the worker say nothing. Its threads are looked at from
        a quarter of the limit on: a healthy worker costs hardly a look."""
        before, self._threads = self._threads, threads_of(pid) if self._counted >= limit / 4 else None
        waited = 0.0 if before is None or self._threads is None else waited_for_core(before, self._threads, seconds)
        self._counted += seconds - waited
        self._whole += seconds

    def is_longer_than(self, limit: float) -> bool:
        """Whether the worker counts as hung."""
        return self._counted > limit or self._whole > PATIENT * limit


def waited_for_core(before: Threads, after: Threads, seconds: float) -> float:
    """How much of the ``seconds`` between two looks some thread waited for a core: at most all of them.

    Any thread counts, for it may hold the interpreter's lock that the loop needs.
    """
    waits = (_waited(before[number], after[number], seconds) for number in before.keys() & after.keys())
    return min(seconds, max(waits, default=0.0))


def _waited(before: Thread, after: Thread, seconds: float) -> float:
    ran = max(0.0, after.ran - before.ran)
    return max(0.0, seconds - ran) if after.is_ready else max(0.0, after.waited - before.waited)


def threads_of(pid: int) -> Threads:
    """None of a process that is gone, or of which the kernel does not say it."""
    found: dict[str, Thread] = {}
    with suppress(OSError, ValueError):
        for folder in Path(f"/proc/{pid}/task").iterdir():
            ran, waited = map(int, (folder / "schedstat").read_text().split()[:2])
            state = (folder / "stat").read_text().rpartition(") ")[2][:1]
            found[folder.name] = Thread(state == "R", ran / NANOSECONDS, waited / NANOSECONDS)
    return found
