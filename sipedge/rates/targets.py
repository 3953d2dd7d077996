"""How many different addresses a peer subscribes to: the contacts limit of a Microsoft Edge, for the other side."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

HOUR = 3600.0
MOST = 200_000
"""Addresses remembered of all peers together; the peer that asked longest ago is forgotten first."""


@dataclass(slots=True)
class _Seen:
    since: float
    targets: set[int] = field(default_factory=set)
    """Hashes: an address may be long, and two with the same hash are one peer's loss only."""


class SubscribeTargets:
    """Each peer's hour begins with its first address and ends for all of them at once."""

    def __init__(self, most: int = MOST, told: Callable[[Hashable, int], None] = lambda who, number: None) -> None:
        """``told``: of each address that is new for a peer, by its hash."""
        self._most, self._told = most, told
        self._seen: OrderedDict[Hashable, _Seen] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def take(self, who: Hashable, target: str, most: int, now: float) -> float:
        """Note that ``who`` subscribes to ``target``: 0.0, or the seconds until its hour is over, as it has had
        ``most`` others."""
        seen, number = self._of(who, now), hash(target)
        if number in seen.targets:
            return 0.0
        if len(seen.targets) >= most:
            return seen.since + HOUR - now
        self._add(seen, number)
        self._told(who, number)
        return 0.0

    def note(self, who: Hashable, number: int, now: float) -> None:
        """Another process has let ``who`` subscribe to this one."""
        seen = self._of(who, now)
        if number not in seen.targets:
            self._add(seen, number)

    def _of(self, who: Hashable, now: float) -> _Seen:
        seen = self._seen.get(who)
        if seen is not None and now >= seen.since + HOUR:
            self._forget(who)
            seen = None
        if seen is None:
            seen = self._seen[who] = _Seen(now)
        self._seen.move_to_end(who)
        return seen

    def _add(self, seen: _Seen, number: int) -> None:
        seen.targets.add(number)
        self._count += 1
        while self._count > self._most and len(self._seen) > 1:
            self._forget(next(iter(self._seen)))

    def _forget(self, who: Hashable) -> None:
        self._count -= len(self._seen.pop(who).targets)
