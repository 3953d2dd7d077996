"""Counts by time and rule, from what each segment has added up by the minute."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict

from .segment import MINUTE, milliseconds_of
from .wish import Counted


class Sums:
    """Added up over segments."""

    def __init__(self, since: float, until: float, bins: int) -> None:
        """Bins are whole minutes, ``bins`` of them at most."""
        self._first = int(since) // MINUTE
        minutes = max(1, -(-int(until) // MINUTE) - self._first)
        self._step = max(1, -(-minutes // bins))
        self._bins = -(-minutes // self._step)
        self._end = self._first + self._step * self._bins
        self._classes: defaultdict[str, list[int]] = defaultdict(lambda: [0] * self._bins)
        self._rules: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()
        self._times: list[Counter[int]] = [Counter() for _ in range(self._bins)]

    def add(self, file: sqlite3.Connection) -> None:
        """Raises sqlite3.Error."""
        span, place = (self._first, self._end), (self._first, self._step)
        where, at = "WHERE minute >= ? AND minute < ?", "(minute - ?) / ?"
        by_class = f"SELECT {at}, class, sum(count) FROM minutes {where} GROUP BY 1, 2"
        for number, kind, count in file.execute(by_class, (*place, *span)):
            self._classes[f"{kind}xx"][number] += count
        name = "(SELECT text FROM words WHERE id = rule)"
        by_rule = f"SELECT {name}, sum(count), sum(count * (class >= 4)) FROM minutes {where} GROUP BY rule"
        for rule, count, failed in file.execute(by_rule, span):
            self._rules[rule] += count
            self._failed[rule] += failed
        by_time = f"SELECT {at}, bucket, sum(count) FROM times {where} GROUP BY 1, 2"
        for number, bucket, count in file.execute(by_time, (*place, *span)):
            self._times[number][bucket] += count

    def counted(self) -> Counted:
        return Counted(
            since=float(self._first * MINUTE),
            step=self._step * MINUTE,
            classes=dict(sorted(self._classes.items())),
            rules=dict(self._rules.most_common()),
            failed_rules={rule: count for rule, count in self._failed.most_common() if count},
            median=[_quantile(times, 0.5) for times in self._times],
            high=[_quantile(times, 0.99) for times in self._times],
        )


def _quantile(times: Counter[int], part: float) -> float | None:
    wanted = part * times.total()
    for bucket, count in sorted(times.items()):
        wanted -= count
        if wanted <= 0:
            return milliseconds_of(bucket)
    return None
