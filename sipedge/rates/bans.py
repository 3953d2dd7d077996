"""Sources that are not let in for a while: who scans, whose handshakes fail, who tries passwords. Times grow."""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import dataclass
from typing import NamedTuple

from sipedge.settings import Limits

MOST = 4096
"""Sources looked at; the one that was seen longest ago is forgotten first."""
WITHIN = 60.0
"""Seconds in which ``limits.ban_after`` offences make a ban."""


class Ban(NamedTuple):
    source: str
    """An address, or the /64 of an IPv6 site."""
    reason: str
    """Of the last offence."""
    until: float
    """By the clock of whoever asks."""
    times: int
    """Bans of this source in a row."""


@dataclass(slots=True)
class _Offender:
    since: float
    """Of the first offence that counts."""
    offences: int = 0
    reason: str = ""
    until: float = 0.0
    times: int = 0


class Bans:
    """``now``: seconds of any clock that never goes back."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._offenders: OrderedDict[str, _Offender] = OrderedDict()
        self.begun: Counter[str] = Counter()
        """Reason -> bans."""

    def __len__(self) -> int:
        """Sources looked at."""
        return len(self._offenders)

    def offence(self, source: str, reason: str, limits: Limits, now: float) -> Ban | None:
        """Count an offence; the ban, if one begins with it."""
        if not limits.ban_after:
            return None
        offender = self._offenders.setdefault(source, _Offender(now))
        self._offenders.move_to_end(source)
        if len(self._offenders) > self._most:
            self._offenders.popitem(last=False)
        if now > offender.until + limits.ban_longest:
            offender.times = 0
        if now > offender.since + WITHIN:
            offender.since, offender.offences = now, 0
        offender.offences += 1
        offender.reason = reason
        if offender.offences < limits.ban_after or now < offender.until:
            return None
        offender.offences, offender.times = 0, offender.times + 1
        offender.until = now + min(limits.ban_longest, limits.ban_time * 2.0 ** min(offender.times - 1, 16))
        self.begun[reason] += 1
        return Ban(source, reason, offender.until, offender.times)

    def left(self, source: str, now: float) -> float:
        """Seconds for which a source is still banned; 0.0: it is not."""
        offender = self._offenders.get(source)
        return 0.0 if offender is None else max(offender.until - now, 0.0)

    def bans(self, now: float) -> tuple[Ban, ...]:
        """Those in force."""
        return tuple(
            Ban(source, each.reason, each.until, each.times)
            for source, each in self._offenders.items()
            if each.until > now
        )

    def forget(self) -> None:
        """A reload lets everybody in again: somebody may have mended what was wrong."""
        self._offenders.clear()
