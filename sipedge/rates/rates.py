"""The rates of all zones, what was refused by them and by anything else, and whose pauses run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable

from zones.zone import AnyZone

from .arrivals import Arrivals, Subscribed
from .buckets import Buckets
from .pauses import Pauses
from .shelf import Shelf

TELL_AGAIN = 60.0
"""Seconds in which one source is told of once: a flood of requests must be no flood of lines."""


class Rates:
    """It outlives reloads: who has used up a rate does not get it anew because another key has changed."""

    def __init__(self, shelf: Shelf | None = None, subscribed: Subscribed = lambda *seen: None) -> None:
        """``shelf``: where several workers are one edge; ``subscribed`` tells the others."""
        self._shelf, self._subscribed = shelf, subscribed
        self.zones: dict[str, Arrivals] = {}
        """Those that bound what comes in."""
        self.refused: Counter[tuple[str, str]] = Counter()
        """(zone, reason) -> requests; the reason is the status where no rate refused it."""
        self.passwords = Pauses(shelf=shelf)
        self._told = Buckets()

    def configure(self, zones: Iterable[AnyZone]) -> None:
        self.passwords.forget()  # the wrong one may have been ours
        before, self.zones = self.zones, {}
        for zone in zones:
            old = before.get(zone.name)
            if old is not None and old.policy == zone.rate:
                self.zones[zone.name] = old
            elif Arrivals.wanted(zone.rate):
                self.zones[zone.name] = Arrivals(zone.rate, zone.name, self._shelf, self._subscribed)

    def seen(self, zone: str, source: Hashable, number: int, now: float) -> None:
        """Another worker has counted a subscription."""
        if (arrivals := self.zones.get(zone)) is not None:
            arrivals.seen(source, number, now)

    def is_news(self, zone: str, reason: str, source: str, now: float) -> bool:
        """Whether nobody was told of it lately."""
        return not self._told.take((zone, reason, source), 1.0 / TELL_AGAIN, 0.0, now)
