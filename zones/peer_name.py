"""One configured peer (address, name or service), kept resolved: looked up again when its answers expire.

While the DNS gives no answer at all, the old one stays in use for up to a day (RFC 8767). When the DNS says that a name
is gone, it is gone at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .dns import DnsError, DnsRecord, Question, Resolution
from .zone import Hop

SHORTEST_LIFE = 5.0
LONGEST_LIFE = 3600.0
LONGEST_STALE = 86400.0
FIRST_PAUSE = 5.0
LONGEST_PAUSE = 60.0
"""All in seconds. The pauses lie between attempts that brought nothing."""


@dataclass(frozen=True, slots=True)
class NameSeen:
    """What is known of a configured peer, for another process."""

    hops: tuple[Hop, ...]
    problem: str
    orders: tuple[tuple[Hop, ...], ...]
    """Of the hops, as they were drawn."""


class PeerName:
    """``hops`` are always usable. Its owner carries questions to the DNS and answers back as long as the zone lives."""

    def __init__(self, start: Callable[[], Resolution]) -> None:
        self.hops: tuple[Hop, ...] = ()
        self.problem = ""
        """Why the last look-up brought nothing; '' when it brought something."""
        self.refresh_at = float("-inf")
        """When there are questions again."""
        self._start = start
        self._orders: tuple[tuple[Hop, ...], ...] = ()
        """Drawn in another process."""
        self._good: Resolution | None = None
        self._running: Resolution | None = None
        self._stale_until = float("-inf")
        self._failures = 0

    def follow(self, seen: NameSeen) -> None:
        """Another process looks this peer up, and this is what it has found. Nothing is asked here any more."""
        self.hops, self.problem, self._orders = seen.hops, seen.problem, seen.orders
        self.refresh_at = float("inf")

    def seen(self, orders: int) -> NameSeen:
        """For ``follow``, with so many orders drawn."""
        return NameSeen(self.hops, self.problem, tuple(self.draw() for _ in range(orders)))

    def draw(self) -> tuple[Hop, ...]:
        """The hops in an order drawn anew (RFC 2782)."""
        if self._orders:
            self._orders = (*self._orders[1:], self._orders[0])
            return self._orders[0]
        return self._good.draw() if self._good is not None and self.hops else self.hops

    def questions(self, now: float) -> tuple[Question, ...]:
        """What to ask now; each question is handed out once. An address settles itself here and never asks."""
        if now >= self.refresh_at:
            self._running = self._start()
            self.refresh_at = now + LONGEST_PAUSE
            self._settle(self._running, now)
        return self._running.questions() if self._running is not None else ()

    def answer(
        self, question: Question, records: Iterable[DnsRecord], now: float, *, ttl: float, error: DnsError
    ) -> bool:
        """True when the hops are others now."""
        if self._running is None:
            return False
        self._running.answer(question, records, error, ttl)
        before = self.hops
        self._settle(self._running, now)
        return self.hops != before

    def _settle(self, resolution: Resolution, now: float) -> None:
        if not resolution.done:
            return
        self._running = None
        self.problem = resolution.problem
        if resolution.hops:
            self.hops, self._good, self._failures = resolution.hops, resolution, 0
            self.refresh_at = now + _life(resolution.ttl)
            self._stale_until = now + LONGEST_STALE
            return
        if not resolution.unanswered or now >= self._stale_until:
            self.hops, self._good = (), None
        self.refresh_at = now + min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(self._failures, 8))
        self._failures += 1


def _life(ttl: float) -> float:
    """An address that was configured lives for ever; answers of the DNS within bounds."""
    return ttl if ttl == float("inf") else min(LONGEST_LIFE, max(SHORTEST_LIFE, ttl))
