"""Dates and times as logs write them -> seconds since 1970. Without a zone they are taken as UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache

_MONTHS = {name: number for number, name in enumerate(b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)}
_ISO_DAY = re.compile(rb"(?<!\d)(\d{4})[-/](\d\d)[-/](\d\d)(?!\d)")
_AMERICAN_DAY = re.compile(rb"(?<!\d)(\d\d?)/(\d\d?)/(\d{4})(?!\d)")
_SIP_DAY = re.compile(rb"\b(\d\d?) ([A-Z][a-z]{2}) (\d{4})\b")
_C_DAY = re.compile(rb"\b([A-Z][a-z]{2}) +(\d\d?) \d\d:\d\d:\d\d (\d{4})\b")
_TIME = re.compile(rb"(\d{1,2}):(\d\d):(\d\d)(?:[.,](\d{1,9}))?")
_USUAL = re.compile(
    rb"(?<!\d)(?:(\d{4})[-/](\d\d)[-/](\d\d)|(\d\d?)/(\d\d?)/(\d{4}))[-T| ](\d{1,2}):(\d\d):(\d\d)(?:[.,](\d{1,9}))?"
)
"""Date and time of day side by side, as most logs have them."""
_ZONE = re.compile(rb" ?(?:Z|([+-])(\d\d):?(\d\d))")
HALF_DAY = 43_200.0
DAY = 86_400.0


@lru_cache(maxsize=64)
def day_seconds(year: int, month: int, day: int) -> float | None:
    """Midnight; None for no day of the calendar. Without the cache a log takes 1.2 times as long (tools.bench.logs)."""
    try:
        return datetime(year, month, day, tzinfo=UTC).timestamp()
    except (ValueError, OverflowError):
        return None


def day_of(text: bytes) -> float | None:
    """Midnight of the first date in a text: 2024-05-06, 2024/05/06, 05/06/2024, 6 May 2024, May  6 07:08:09 2024."""
    if iso := _ISO_DAY.search(text):
        return day_seconds(int(iso[1]), int(iso[2]), int(iso[3]))
    if american := _AMERICAN_DAY.search(text):
        return day_seconds(int(american[3]), int(american[1]), int(american[2]))
    if (sip := _SIP_DAY.search(text)) and sip[2] in _MONTHS:
        return day_seconds(int(sip[3]), _MONTHS[sip[2]], int(sip[1]))
    if (c := _C_DAY.search(text)) and c[1] in _MONTHS:
        return day_seconds(int(c[3]), _MONTHS[c[1]], int(c[2]))
    return None


def time_of_day(text: bytes) -> float | None:
    """Seconds since midnight of the first ``H:MM:SS[.fraction]``, less its zone when one follows."""
    match = _TIME.search(text)
    return None if match is None else _seconds(*match.groups()) - _zone(text, match.end())


def moment(text: bytes) -> float | None:
    """Date and time of day of a text that has both."""
    if usual := _USUAL.search(text):
        year, month, day, month2, day2, year2, *time_groups = usual.groups()
        midnight = day_seconds(int(year or year2), int(month or month2), int(day or day2))
        return None if midnight is None else midnight + _seconds(*time_groups) - _zone(text, usual.end())
    midnight, time = day_of(text), time_of_day(text)
    return None if midnight is None or time is None else midnight + time


def _seconds(hour: bytes, minute: bytes, second: bytes, fraction: bytes | None) -> float:
    """``fraction``: digits behind the point."""
    return int(hour) * 3600 + int(minute) * 60 + int(second) + (float(b"0." + fraction) if fraction else 0.0)


@lru_cache(maxsize=64)
def second(text: bytes) -> float | None:
    """``moment`` of a text that is nothing but date and time of day, without a fraction.

    Many messages share it: without the cache a log takes 1.14 times as long (tools.bench.logs).
    """
    return moment(text)


def _zone(text: bytes, position: int) -> int:
    """Seconds east of Greenwich."""
    match = _ZONE.match(text, position)
    if match is None or match[1] is None:
        return 0
    seconds = int(match[2]) * 3600 + int(match[3]) * 60
    return -seconds if match[1] == b"-" else seconds


class DayClock:
    """Times of day in a log without dates, each on the day of the one before or, past midnight, on the next.

    ``day``: midnight of the first day, None when nothing says it (then 1970-01-01).
    """

    def __init__(self, day: float | None = None) -> None:
        self._day = day or 0.0
        self._last: float | None = None

    def at(self, time: float) -> float:
        if self._last is not None and time < self._last - HALF_DAY:
            self._day += DAY
        self._last = time
        return self._day + time
