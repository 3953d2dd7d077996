"""Queues in front of partners that take only so much: what leaves, leaves evenly and in order."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Generic, TypeVar

from .shelf import Shelf, key_of

Item = TypeVar("Item")
Partner = tuple[str, str]
"""Zone, and name or address."""
MOST_PARTNERS = 4096
"""Partners looked after at once; more are not paced, because a queue for each would have no bound."""
MOST_WAITING = 10_000
"""In all queues together: BENOTIFYs have no transaction that bounds their number."""
LATE = 0.01
"""Seconds of the loop's delay that the next ones make up for; without that a fast pace would be a slower one."""


@dataclass(slots=True)
class _Queue(Generic[Item]):
    next_at: float
    """When the next one may leave."""
    interval: float
    waiting: deque[tuple[str, Item]] = field(default_factory=deque)


class Pace(Generic[Item]):
    """In any time t at most ``rate * (t + LATE) + 1`` leave to one partner, evenly: nobody here knows its bucket."""

    def __init__(self, shelf: Shelf | None = None) -> None:
        """``shelf``: where several processes send to the same partners."""
        self._shelf = shelf
        self._partners: dict[Partner, _Queue[Item]] = {}
        """Those to whom something left a moment ago, or waits."""
        self._times: list[tuple[float, int, Partner]] = []
        """(when, a number that breaks ties, partner): each partner once."""
        self._last = 0
        self._names: dict[str, Partner] = {}
        """Name of an item that waits -> its partner."""
        self._waiting = 0

    def __len__(self) -> int:
        """How many wait."""
        return self._waiting

    def waiting(self) -> dict[Partner, int]:
        """How many wait of each partner for whom any do."""
        return {partner: len(queue.waiting) for partner, queue in self._partners.items() if queue.waiting}

    def enter(self, partner: Partner, rate: float, longest: float, name: str, item: Item, now: float) -> float | None:
        """0.0: it leaves at once; None: it waits, and ``due`` will give it; else the seconds after which there may be
        room for it in the queue.

        ``rate``: items a second; ``longest``: seconds to wait at most; ``name``: to withdraw it by, '' for none.
        """
        queue, free_at = self._partners.get(partner), self._free_at(partner)
        if queue is None:
            if len(self._partners) >= MOST_PARTNERS:
                return 0.0
            queue = self._partners[partner] = _Queue(max(now, free_at), 1.0 / rate)
            self._note(partner, max(now + queue.interval, free_at))
        queue.interval, queue.next_at = 1.0 / rate, max(queue.next_at, free_at)
        if not queue.waiting and queue.next_at <= now:
            self._leaves(partner, queue, now)
            return 0.0
        wait = queue.next_at - now + len(queue.waiting) * queue.interval
        if wait > longest or self._waiting >= MOST_WAITING:
            return max(wait - longest, queue.interval)
        queue.waiting.append((name, item))
        self._waiting += 1
        if name:
            self._names[name] = partner
        return None

    def withdraw(self, name: str) -> bool:
        """Take an item out; False: it does not wait here."""
        partner = self._names.pop(name, None)
        if partner is None:
            return False
        waiting = self._partners[partner].waiting
        waiting.remove(next(entry for entry in waiting if entry[0] == name))
        self._waiting -= 1
        return True

    def next_deadline(self) -> float | None:
        return self._times[0][0] if self._times else None

    def due(self, now: float) -> list[Item]:
        """What may leave by ``now``; of one partner in the order it came."""
        left: list[Item] = []
        while self._times and self._times[0][0] <= now:
            _, _, partner = heappop(self._times)
            queue = self._partners[partner]
            queue.next_at = max(queue.next_at, self._free_at(partner))
            if queue.next_at > now:
                self._note(partner, queue.next_at)
                continue
            if not queue.waiting:
                del self._partners[partner]
                continue
            name, item = queue.waiting.popleft()
            self._names.pop(name, None)
            self._waiting -= 1
            left.append(item)
            self._leaves(partner, queue, max(queue.next_at, now - LATE))
            self._note(partner, queue.next_at)
        return left

    def _free_at(self, partner: Partner) -> float:
        """When the other processes leave room for one."""
        return 0.0 if self._shelf is None else self._shelf.get(key_of("pace", partner))

    def _leaves(self, partner: Partner, queue: _Queue[Item], at: float) -> None:
        queue.next_at = at + queue.interval
        if self._shelf is not None:
            self._shelf.put(key_of("pace", partner), queue.next_at)

    def _note(self, partner: Partner, when: float) -> None:
        self._last += 1
        heappush(self._times, (when, self._last, partner))
