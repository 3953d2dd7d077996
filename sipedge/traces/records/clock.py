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
"""Date and time of day side by side."""
_ZONE = re.compile(rb" ?(?:Z|([+-])(\d\d):?(\d\d))")
HALF_DAY = 43_200.0
DAY = 86_400.0


@lru_cache(maxsize=64)
def day_seconds(year: int, month: int, day: int) -> float | None:
    """Midnight; None for no day of the calendar."""
    try:
        return datetime(year, month, day, tzinfo=UTC).timestamp()
    except (ValueError, OverflowError):
        return None


def day_of(text: bytes) -> float | None:
    """Midnight of the first date in a text: 2024-05-06, 2024/05/06, 05/06/2024, 6 May 2024, May  6 07:08:09 2024."""
    if found := _ISO_DAY.search(text):
        return day_seconds(int(found[1]), int(found[2]), int(found[3]))
    if found := _AMERICAN_DAY.search(text):
        return day_seconds(int(found[3]), int(found[1]), int(found[2]))
    if (found := _SIP_DAY.search(text)) and found[2] in _MONTHS:
        return day_seconds(int(found[3]), _MONTHS[found[2]], int(found[1]))
    if (found := _C_DAY.search(text)) and found[1] in _MONTHS:
        return day_seconds(int(found[3]), _MONTHS[found[1]], int(found[2]))
    return None


def time_of_day(text: bytes) -> float | None:
    """Seconds since midnight of the first ``H:MM:SS[.fraction]``, less its zone when one follows."""
    found = _TIME.search(text)
    if found is None:
        return None
    hour, minute, second, fraction = found.groups()
    seconds = int(hour) * 3600 + int(minute) * 60 + int(second) + (float(b"0." + fraction) if fraction else 0.0)
    return seconds - _zone(text, found.end())


def moment(text: bytes) -> float | None:
    """Date and time of day of a text that has both."""
    if found := _USUAL.search(text):
        year, month, day, month2, day2, year2, hour, minute, second, fraction = found.groups()
        midnight = day_seconds(int(year or year2), int(month or month2), int(day or day2))
        if midnight is None:
            return None
        seconds = int(hour) * 3600 + int(minute) * 60 + int(second) + (float(b"0." + fraction) if fraction else 0.0)
        return midnight + seconds - _zone(text, found.end())
    midnight, time = day_of(text), time_of_day(text)
    return None if midnight is None or time is None else midnight + time


@lru_cache(maxsize=64)
def second(text: bytes) -> float | None:
    """``moment`` of a text that is nothing but date and time of day, without a fraction: many messages share it."""
    return moment(text)


def _zone(text: bytes, position: int) -> int:
    found = _ZONE.match(text, position)
    if found is None or found[1] is None:
        return 0
    seconds = int(found[2]) * 3600 + int(found[3]) * 60
    return -seconds if found[1] == b"-" else seconds


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
