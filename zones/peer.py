"""One peer: is it alive, and when is it tried next? A table (state, sign) -> (state, when). And what is said of it.

A peer that fails is put last, not away. It is tried again after 1, 2, 4 ... seconds, at most the monitor interval, and
one outage raises that pause once, however many requests ran into it (kamailio#4911: one failed call must not poison
the rest).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

FIRST_PAUSE = 1.0
"""Seconds."""


class Health(Enum):
    __hash__ = object.__hash__  # of identity, in C: Enum's own is Python, and is called for each look into the table

    ALIVE = "alive"
    FAILED = "failed"
    RETRYING = "retrying"
    """Failed, and one attempt is under way that may show otherwise."""


class Sign(Enum):
    __hash__ = object.__hash__  # as Health's

    ANSWERED = "answered"
    FAILED = "failed"
    TRIED = "tried"
    """An OPTIONS (or, without monitoring, a request) goes out to see."""


class When(Enum):
    """What becomes of the time of the next attempt."""

    STAYS = "stays"
    INTERVAL = "interval"
    PAUSE = "pause"


TABLE: dict[tuple[Health, Sign], tuple[Health, When]] = {
    (Health.ALIVE, Sign.ANSWERED): (Health.ALIVE, When.STAYS),
    (Health.ALIVE, Sign.FAILED): (Health.FAILED, When.PAUSE),
    (Health.ALIVE, Sign.TRIED): (Health.ALIVE, When.INTERVAL),
    (Health.FAILED, Sign.ANSWERED): (Health.ALIVE, When.INTERVAL),
    (Health.FAILED, Sign.FAILED): (Health.FAILED, When.STAYS),
    (Health.FAILED, Sign.TRIED): (Health.RETRYING, When.INTERVAL),
    (Health.RETRYING, Sign.ANSWERED): (Health.ALIVE, When.INTERVAL),
    (Health.RETRYING, Sign.FAILED): (Health.FAILED, When.PAUSE),
    (Health.RETRYING, Sign.TRIED): (Health.RETRYING, When.INTERVAL),
}


@dataclass(slots=True)
class NeighborPeer:
    interval: float
    """Seconds between attempts while all is well, and the longest pause when not."""
    due_at: float
    """When it is tried next."""
    health: Health = Health.ALIVE
    failures: int = 0
    """Attempts in a row that failed."""
    since: float = 0.0
    """When it came to be alive, or stopped to be."""
    why: str = ""
    """It failed last, for people."""

    @property
    def is_well(self) -> bool:
        """An answer would change nothing."""
        return self.health is Health.ALIVE and not self.failures

    def saw(self, sign: Sign, now: float) -> bool:
        """Take note of a sign; True when the health is another now."""
        before = self.health
        self.health, when = TABLE[before, sign]
        if when is When.PAUSE:
            self.due_at = now + min(self.interval, FIRST_PAUSE * 2 ** min(self.failures, 16))
            self.failures += 1
        elif when is When.INTERVAL:
            self.due_at = now + self.interval
        if self.health is Health.ALIVE:
            self.failures = 0
        if (self.health is Health.ALIVE) is not (before is Health.ALIVE):
            self.since = now
        return self.health is not before


class Outages:
    """What is down, and since when: each change is told once."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}

    def saw(self, what: str, is_up: bool, now: float) -> str:
        """``is down``, ``is up again after 12 s``; '' where nothing has changed. What was never down is up."""
        if not is_up:
            news = what not in self._since
            self._since.setdefault(what, now)
            return "is down" if news else ""
        since = self._since.pop(what, None)
        return "" if since is None else f"is up again after {now - since:.0f} s"

    def keep(self, whats: Iterable[str]) -> None:
        """Say nothing more of all others: they are not configured any more, or have another address."""
        kept = set(whats)
        self._since = {what: since for what, since in self._since.items() if what in kept}
