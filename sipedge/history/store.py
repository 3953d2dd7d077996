"""The history as a folder of segments: ``000001.db``, ``000002.db`` ... of which the last one is written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from pathlib import Path
from time import time
from typing import Any

from . import asking
from .files import reading
from .rollup import Sums
from .segment import Segment
from .wish import Asked, Batch, Counted, Found, Gap, Key, Position, Stored, Wish

DAY = 86400.0
SHOWN_GAPS = 20
PARTS = 8
"""Segments, at least, that what is kept is parted into: as exactly are days and bytes kept to."""
_ENDINGS = ("", "-wal", "-shm", "-journal")


class Segments:
    """A ``History``. One process writes a folder; ``add`` and ``forget`` belong to one thread."""

    def __init__(self, folder: Path) -> None:
        """Made where it is not there. Raises OSError."""
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        self._folder = folder
        self._writing = Segment(self._path(max(self._numbers(), default=1)))
        if self._sealed(self._writing.path):
            self._begin()

    def position(self) -> Position:
        for number in sorted(self._numbers(), reverse=True):
            with self._reading(number) as file:
                found = file.execute("SELECT first, offset, sequence FROM position").fetchone()
                if found:
                    return Position(*found)
        return Position()

    def add(self, batch: Batch) -> None:
        if self._writing.full or self._writing.is_ahead_of(batch):
            self._writing.seal()
            self._begin()
        self._writing.add(batch)

    def find(self, wish: Wish) -> list[Found]:
        found: list[Found] = []
        for number in sorted(self._numbers(), reverse=True):
            if wish.before is not None and number > wish.before.segment:
                continue
            with suppress(FileNotFoundError), self._reading(number) as file:
                if self._may_hold(file, wish.since, wish.until):
                    found += asking.find(file, number, replace(wish, most=wish.most - len(found)))
            if len(found) >= wish.most:
                break
        return found

    def entry(self, key: Key) -> dict[str, Any] | None:
        with suppress(FileNotFoundError), self._reading(key.segment) as file:
            return asking.entry(file, key.id)
        return None

    def counted(self, since: float, until: float, bins: int) -> Counted:
        sums = Sums(since, until, bins)
        for number in self._numbers():
            with suppress(FileNotFoundError), self._reading(number) as file:
                if self._may_hold(file, since, until):
                    sums.add(file)
        return sums.counted()

    def asked(self, since: float) -> Iterator[Asked]:
        for number in sorted(self._numbers(), reverse=True):
            with suppress(FileNotFoundError), self._reading(number) as file:
                yield from asking.asked(file, number, since)

    def stored(self) -> Stored:
        rows, lost, first, gaps = 0, 0, list[int](), list[Gap]()
        numbers = self._numbers()
        for number in sorted(numbers, reverse=True):
            with suppress(FileNotFoundError), self._reading(number) as file:
                kept = _kept(file)
                rows, lost = rows + kept["rows"], lost + kept["lost"]
                first += [kept["first"]] if kept["rows"] else []
                if kept["lost"] and len(gaps) < SHOWN_GAPS:
                    gaps += [
                        Gap(*row) for row in file.execute("SELECT time, count FROM gaps ORDER BY time DESC LIMIT 20")
                    ]
        since = min(first) / 1e6 if first else None
        return Stored(rows, since, sum(map(self._size, numbers)), tuple(gaps[:SHOWN_GAPS]), lost)

    def words(self, column: str) -> list[str]:
        words: set[str] = set()
        for number in self._numbers():
            with suppress(FileNotFoundError), self._reading(number) as file:
                words |= set(asking.words(file, column))
        return sorted(words - {""})

    def forget(self, days: float, size: int) -> int:
        """Only whole segments go. The one that is written is ended before, where it is old or too large alone."""
        forgotten = 0
        self._end_in_time(days, size)
        numbers = sorted(self._numbers())
        sizes = {number: self._size(number) for number in numbers}
        for number in numbers[:-1]:
            with self._reading(number) as file:
                kept = _kept(file)
            if kept["last"] >= (time() - days * DAY) * 1e6 and sum(sizes.values()) <= size:
                break
            self._remove(number)
            del sizes[number]
            forgotten += kept["rows"]
        return forgotten

    def close(self) -> None:
        self._writing.close()

    def _end_in_time(self, days: float, size: int) -> None:
        age = time() - self._writing.first / 1e6
        number = int(self._writing.path.stem)
        if self._writing.rows and (age > days * DAY / PARTS or self._size(number) > size / PARTS):
            self._writing.seal()
            self._begin()

    def _begin(self) -> None:
        self._writing.close()
        self._writing = Segment(self._path(max(self._numbers()) + 1))

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:06}.db"

    def _numbers(self) -> list[int]:
        return [int(path.stem) for path in self._folder.glob("*.db") if path.stem.isdigit()]

    def _size(self, number: int) -> int:
        size = 0
        for ending in _ENDINGS:
            with suppress(FileNotFoundError):
                size += Path(f"{self._path(number)}{ending}").stat().st_size
        return size

    def _remove(self, number: int) -> None:
        for ending in reversed(_ENDINGS):
            Path(f"{self._path(number)}{ending}").unlink(missing_ok=True)

    def _reading(self, number: int) -> AbstractContextManager[sqlite3.Connection]:
        return reading(self._path(number))

    def _sealed(self, path: Path) -> bool:
        with reading(path) as file:
            return bool(file.execute("SELECT count(*) FROM sealed").fetchone()[0])

    def _may_hold(self, file: sqlite3.Connection, since: float, until: float) -> bool:
        """A sealed segment says when it begins and ends; the other one is always asked."""
        row = file.execute("SELECT first, last FROM sealed").fetchone()
        if row is None or row["first"] is None:
            return True
        return row["last"] >= since * 1e6 and (not until or row["first"] <= until * 1e6)


def _kept(file: sqlite3.Connection) -> dict[str, int]:
    """``rows``, ``first``, ``last`` and ``lost`` of a segment."""
    row = file.execute("SELECT rows, first, last, lost FROM sealed").fetchone()
    if row is None:
        row = file.execute(
            "SELECT count(*) AS rows, min(id) AS first, max(id) AS last, "
            "(SELECT coalesce(sum(count), 0) FROM gaps) AS lost FROM decisions"
        ).fetchone()
    return {name: row[name] or 0 for name in ("rows", "first", "last", "lost")}
