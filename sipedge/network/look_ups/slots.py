"""Who may ask the DNS next: a few look-ups at once, shared fairly, and a bounded queue of those that wait.

A look-up that nobody answers holds its slot for seconds. So nobody may hold all of them:

* Who asks (``Asker``) holds no more slots than are free, and neither does its zone. However greedy it is, it leaves as
  many as it has; with n greedy zones one slot of n + 1 stays free for the next.
* Names below one parent domain hold ``DOMAIN`` slots, and only ``SILENT`` once a look-up there found no answer, until
  one does.

Whoever waits takes turns with the others. In the queue, too, an asker has no more places than are free.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TypeVar

from sipedge.proxy.commands import Asker

DOMAIN = 8
"""Look-ups at once below one parent domain."""
SILENT = 2
"""The same where the last one found no answer."""
MAX_SILENT = 4096
"""Parent domains that are remembered for it."""
SHORT = 3
"""Letters of a label that registries of countries put below their own: co.uk, com.au, gov.br."""

Key = tuple[str, str]
"""Name and kind of record."""
Counted = TypeVar("Counted")


class Place(Enum):
    """What became of a look-up that was asked for."""

    SLOT = auto()
    """It may begin."""
    QUEUE = auto()
    """``next`` gives it when its turn comes."""
    NONE = auto()
    """The queue is full for this asker."""


@dataclass(slots=True)
class _Waiting:
    domain: str
    overdue_at: float
    askers: list[Asker] = field(default_factory=list)


class LookUpSlots:
    """``now`` and ``patience``: seconds of one clock."""

    def __init__(self, slots: int, places: int, patience: float) -> None:
        """``places``: of the queue; ``patience``: how long a look-up may stand there."""
        self._slots, self._places, self._patience = slots, places, patience
        self._held: dict[Key, Asker] = {}
        self._by_asker: Counter[Asker] = Counter()
        self._by_zone: Counter[str] = Counter()
        self._by_domain: Counter[str] = Counter()
        self._waiting: OrderedDict[Key, _Waiting] = OrderedDict()
        """In the order in which they become overdue."""
        self._queues: OrderedDict[Asker, dict[str, dict[Key, None]]] = OrderedDict()
        """Asker -> parent domain -> what waits, in the order of turns."""
        self._queued: Counter[Asker] = Counter()
        self._entries = 0
        """Places of the queue that are taken: a look-up takes one for each asker."""
        self._silent: OrderedDict[str, None] = OrderedDict()

    @property
    def held(self) -> int:
        """Slots that look-ups hold."""
        return len(self._held)

    @property
    def waiting(self) -> int:
        """Look-ups in the queue."""
        return len(self._waiting)

    def ask(self, key: Key, asker: Asker, now: float) -> Place:
        """Ask for a slot. It may be asked for again by another asker while it waits: the first turn counts."""
        domain = parent_domain(key[0])
        if key not in self._waiting and self._may_ask(asker) and self._may_be_asked(domain):
            self._take(key, asker, domain)
            return Place.SLOT
        waiting = self._waiting.get(key)
        if waiting is not None and asker in waiting.askers:
            return Place.QUEUE
        if self._queued[asker] >= self._places - self._entries:
            return Place.NONE
        waiting = self._waiting.setdefault(key, _Waiting(domain, 0.0))
        waiting.askers.append(asker)
        waiting.overdue_at = now + self._patience
        self._waiting.move_to_end(key)
        self._queues.setdefault(asker, {}).setdefault(domain, {})[key] = None
        self._queued[asker] += 1
        self._entries += 1
        return Place.QUEUE

    def done(self, key: Key, *, answered: bool) -> None:
        """A look-up gives its slot back."""
        asker, domain = self._held.pop(key), parent_domain(key[0])
        _subtract(self._by_asker, asker)
        _subtract(self._by_zone, asker.zone)
        _subtract(self._by_domain, domain)
        self._silent.pop(domain, None)
        if not answered:
            self._silent[domain] = None
            if len(self._silent) > MAX_SILENT:
                self._silent.popitem(last=False)

    def next(self) -> Key | None:
        """Whose turn it is; None while nobody who waits may begin."""
        for asker, domains in self._queues.items():
            if not self._may_ask(asker):
                continue
            for domain, keys in domains.items():
                if self._may_be_asked(domain):
                    key = next(iter(keys))
                    self._queues.move_to_end(asker)
                    self._leave(key)
                    self._take(key, asker, domain)
                    return key
        return None

    def overdue(self, now: float) -> Iterator[Key]:
        """Take out of the queue what has waited too long."""
        while self._waiting and self.next_overdue() <= now:
            key = next(iter(self._waiting))
            self._leave(key)
            yield key

    def next_overdue(self) -> float:
        """When the first in the queue has waited too long; infinity where none waits."""
        return next(iter(self._waiting.values())).overdue_at if self._waiting else float("inf")

    def _may_ask(self, asker: Asker) -> bool:
        free = self._slots - len(self._held)
        return self._by_asker[asker] < free and self._by_zone[asker.zone] < free

    def _may_be_asked(self, domain: str) -> bool:
        return self._by_domain[domain] < (SILENT if domain in self._silent else DOMAIN)

    def _take(self, key: Key, asker: Asker, domain: str) -> None:
        self._held[key] = asker
        self._by_asker[asker] += 1
        self._by_zone[asker.zone] += 1
        self._by_domain[domain] += 1

    def _leave(self, key: Key) -> None:
        """Take a look-up out of the queue of everybody who asked for it."""
        waiting = self._waiting.pop(key)
        for asker in waiting.askers:
            domains = self._queues[asker]
            del domains[waiting.domain][key]
            if not domains[waiting.domain]:
                del domains[waiting.domain]
            if not domains:
                del self._queues[asker]
            _subtract(self._queued, asker)
            self._entries -= 1


def parent_domain(name: str) -> str:
    """The domain whose name servers a name most likely has in common with its neighbours: its last two labels.

    Three where a registry of a country (two letters) has put a short label below its own, as in ``co.uk``. No list of
    public suffixes is asked: it would have to be kept fresh, and a wrong guess here costs a turn, no more.
    """
    labels = name.rsplit(".", 3)[-3:]
    if len(labels) == 3 and not (len(labels[2]) == 2 and len(labels[1]) <= SHORT):
        del labels[0]
    return ".".join(labels)


def _subtract(counter: Counter[Counted], name: Counted) -> None:
    """Count one less, and keep no zeros."""
    counter[name] -= 1
    if not counter[name]:
        del counter[name]
