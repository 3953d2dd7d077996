"""The history as a folder of segments, asked: ``000001.db``, ``000002.db`` ... of which the last one is written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

from . import asking
from .files import PATIENCE, reading
from .rollup import Sums
from .wish import Asked, Counted, Found, Gap, Key, Stored, Unreadable, Wish

SHOWN_GAPS = 20
ENDINGS = ("", "-wal", "-shm", "-journal")
"""Of the files that a segment may have."""


class Kept:
    """What a ``History`` answers. Any process may ask a folder that another one writes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._unreadable: dict[int, str] = {}

    @property
    def unreadable(self) -> tuple[str, ...]:
        """Segments that were left out when they were read last, each with why."""
        return tuple(self._unreadable.values())

    def find(self, wish: Wish) -> list[Found]:
        found, end = list[Found](), monotonic() + PATIENCE
        for number in sorted(self._numbers(), reverse=True):
            if wish.before is not None and number > wish.before.segment:
                continue
            with self._passing(number), self._reading(number, end) as file:
                if self._may_hold(file, wish.since, wish.until):
                    found += asking.find(file, number, replace(wish, most=wish.most - len(found)))
            if len(found) >= wish.most:
                break
        return found

    def count(self, wish: Wish) -> int:
        counted, end = 0, monotonic() + PATIENCE
        for number in sorted(self._numbers(), reverse=True):
            with self._passing(number), self._reading(number, end) as file:
                if self._may_hold(file, wish.since, wish.until):
                    counted += asking.count(file, number, replace(wish, most=wish.most - counted))
            if counted >= wish.most:
                break
        return counted

    def entry(self, key: Key) -> dict[str, Any] | None:
        with self._passing(key.segment), self._reading(key.segment) as file:
            return asking.entry(file, key.id)
        return None

    def counted(self, since: float, until: float, bins: int) -> Counted:
        sums, end = Sums(since, until, bins), monotonic() + PATIENCE
        for number in self._numbers():
            with self._passing(number), self._reading(number, end) as file:
                if self._may_hold(file, since, until):
                    sums.add(file)
        return sums.counted()

    def asked(self, since: float) -> Iterator[Asked]:
        for number in sorted(self._numbers(), reverse=True):
            with self._passing(number), self._reading(number) as file:
                yield from asking.asked(file, number, since)

    def stored(self) -> Stored:
        rows, lost, first, gaps = 0, 0, list[int](), list[Gap]()
        numbers = self._numbers()
        for number in sorted(numbers, reverse=True):
            with self._passing(number), self._reading(number) as file:
                kept = kept_of(file)
                rows, lost = rows + kept["rows"], lost + kept["lost"]
                first += [kept["first"]] if kept["rows"] else []
                if kept["lost"] and len(gaps) < SHOWN_GAPS:
                    gaps += [
                        Gap(*row) for row in file.execute("SELECT time, count FROM gaps ORDER BY time DESC LIMIT 20")
                    ]
        since = min(first) / 1e6 if first else None
        return Stored(rows, since, sum(map(self._size, numbers)), tuple(gaps[:SHOWN_GAPS]), lost, self.unreadable)

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:06}.db"

    def _numbers(self) -> list[int]:
        return [int(path.stem) for path in self._folder.glob("*.db") if path.stem.isdigit()]

    def _size(self, number: int) -> int:
        size = 0
        for ending in ENDINGS:
            with suppress(FileNotFoundError):
                size += Path(f"{self._path(number)}{ending}").stat().st_size
        return size

    @contextmanager
    def _passing(self, number: int) -> Iterator[None]:
        """Over a segment that was forgotten meanwhile, or that cannot be read: the others shall answer."""
        try:
            yield
            self._unreadable.pop(number, None)
        except FileNotFoundError:
            self._unreadable.pop(number, None)
        except Unreadable as error:
            self._unreadable[number] = str(error)

    def _reading(self, number: int, end: float | None = None) -> AbstractContextManager[sqlite3.Connection]:
        return reading(self._path(number), end)

    def _may_hold(self, file: sqlite3.Connection, since: float, until: float) -> bool:
        """A sealed segment says when it begins and ends; the other one is always asked."""
        row = file.execute("SELECT first, last FROM sealed").fetchone()
        if row is None or row["first"] is None:
            return True
        return row["last"] >= since * 1e6 and (not until or row["first"] <= until * 1e6)


def kept_of(file: sqlite3.Connection) -> dict[str, int]:
    """``rows``, ``first``, ``last`` and ``lost`` of a segment."""
    row = file.execute("SELECT rows, first, last, lost FROM sealed").fetchone()
    if row is None:
        row = file.execute(
            "SELECT count(*) AS rows, min(id) AS first, max(id) AS last, "
            "(SELECT coalesce(sum(count), 0) FROM gaps) AS lost FROM decisions"
        ).fetchone()
    return {name: row[name] or 0 for name in ("rows", "first", "last", "lost")}
