"""Wrong passwords: by address and by account each further try waits twice as long."""

from __future__ import annotations

from time import monotonic

from anyio import CapacityLimiter

from sipedge.rates.buckets import Buckets
from sipedge.rates.pauses import Pauses

from .sources import source

AT_ONCE = 2
"""Passwords: each takes 16 MiB and a tenth of a second of a core."""
AUDITED, AUDITED_BURST = 0.5, 60.0
"""Refused tries of an address that are audited: so many a second, and so many seconds' worth at once."""


class Guessing:
    """What is known of those who try passwords: one for each console."""

    def __init__(self) -> None:
        self._pauses = Pauses()
        self._audited = Buckets()
        self.limiter = CapacityLimiter(AT_ONCE)

    def left(self, who: tuple[str, ...]) -> float:
        """Seconds until ``who``, an address and where there is one an account, may try again."""
        now = monotonic()
        return max(self._pauses.left(key, now) for key in _keys(who))

    def failed(self, who: tuple[str, ...]) -> None:
        for key in _keys(who):
            self._pauses.failed(key, monotonic())

    def succeeded(self, who: tuple[str, ...]) -> None:
        for key in _keys(who):
            self._pauses.succeeded(key)

    def is_audited(self, address: str) -> bool:
        return not self._audited.take(source(address), AUDITED, AUDITED_BURST, monotonic())


def _keys(who: tuple[str, ...]) -> enumerate[str]:
    address, *account = who
    return enumerate((source(address), *account))
