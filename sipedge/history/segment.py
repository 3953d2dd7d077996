"""The segment that is being written: rows go in without indexes; when it is full, it is sealed."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import astuple
from math import log2
from pathlib import Path
from typing import Any

from .files import VERSION, bytes_of, check_version, trouble_with, writing
from .row import COLUMNS, TEXTS, WORDS, concluded, row_of
from .schema import ROWS, TABLES
from .wish import Batch, Position

_INSERT = f"INSERT INTO decisions VALUES ({', '.join('?' * len(COLUMNS))})"
_TABLES = (*TEXTS, "words")
MINUTE = 60
LATEST = 10**18
"""Microseconds: more digits no key has."""
BACK = 5_000_000
"""Microseconds that a clock may have gone back until a segment ends by it."""
FEW = 1000
"""Rows: a segment with fewer does not end by it."""


class Segment:
    """Belongs to the thread that writes."""

    def __init__(self, path: Path) -> None:
        """Raises OSError, and Unreadable where the file is damaged or of a newer version."""
        self.path = path
        self._file = writing(path)
        try:
            self.rows, self.first, self._last = self._opened()
        except sqlite3.Error as error:
            self._file.close()
            raise trouble_with(path, error) from None
        self._adding: _Adding | None = None
        """What is not committed yet."""

    def _opened(self) -> tuple[int, int, int]:
        """(rows, the first and the last one: microseconds, 0 without rows)."""
        if not self._file.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            self._file.executescript(f"BEGIN; {TABLES} PRAGMA user_version = {VERSION}; COMMIT;")
        check_version(self._file, self.path)
        self._known = {name: dict(self._file.execute(f"SELECT text, id FROM {name}")) for name in _TABLES}
        found = self._file.execute("SELECT count(*), coalesce(min(id), 0), coalesce(max(id), 0) FROM decisions")
        rows, first, last = map(int, found.fetchone())
        return rows, first, last

    @property
    def full(self) -> bool:
        return self.rows + (self._adding.rows if self._adding else 0) >= ROWS

    def is_ahead_of(self, batch: Batch) -> bool:
        """Whether the clock went back: what comes has to stand in a segment of its own, to be found by its time."""
        try:
            first = concluded(batch.records[0])
        except (IndexError, KeyError, TypeError, ValueError, OverflowError):
            return False
        adding = self._adding
        rows, last = (self.rows + adding.rows, adding.last) if adding else (self.rows, self._last)
        return rows >= FEW and last - first > BACK

    def position(self) -> Position | None:
        """None where this segment has none yet."""
        found = self._file.execute("SELECT first, offset, sequence FROM position").fetchone()
        return Position(*found) if found else None

    def add(self, batch: Batch) -> None:
        """Nobody sees it before ``commit``. Raises OSError: then nothing is there of all since the last ``commit``."""
        adding = self._adding = self._adding or _Adding(self._known, self._last, self.first)
        rows = [row for fields in batch.records if (row := adding.row(fields)) is not None]
        with self._undone():
            if not self._file.in_transaction:
                self._file.execute("BEGIN IMMEDIATE")
            self._file.executemany(_INSERT, rows)
            self._file.executemany("INSERT INTO gaps VALUES (?, ?)", [astuple(gap) for gap in batch.gaps])
        adding.rows += len(rows)
        adding.position = batch.position

    def commit(self) -> None:
        """Raises OSError: then nothing is there of all that was added."""
        adding = self._adding
        if adding is None:
            return
        with self._undone():
            for name in _TABLES:
                given = [(number, bytes_of(text)) for text, number in adding.new[name].items()]
                self._file.executemany(f"INSERT INTO {name} VALUES (?, CAST(? AS TEXT))", given)
            self._roll_up(adding)
            self._file.execute("DELETE FROM position")
            self._file.execute("INSERT INTO position VALUES (?, ?, ?)", astuple(adding.position))
            self._file.execute("COMMIT")
        for name in _TABLES:
            self._known[name] |= adding.new[name]
        self.rows, self.first, self._last = self.rows + adding.rows, adding.first, adding.last
        self._adding = None

    def close(self) -> None:
        self._file.close()

    def give_up(self) -> None:
        """Nothing is left of what was added since the last ``commit``."""
        self._adding = None
        with suppress(sqlite3.Error):  # a damaged file is left as it is
            if self._file.in_transaction:
                self._file.execute("ROLLBACK")

    @contextmanager
    def _undone(self) -> Iterator[None]:
        """Where it fails, all is given up. Raises OSError."""
        try:
            yield
        except sqlite3.Error as error:
            self.give_up()
            raise trouble_with(self.path, error) from None

    def _roll_up(self, adding: _Adding) -> None:
        counts = [(*key, count) for key, count in adding.minutes.items()]
        times = [(*key, count) for key, count in adding.times.items()]
        add = "DO UPDATE SET count = count + excluded.count"
        self._file.executemany(f"INSERT INTO minutes VALUES (?, ?, ?, ?) ON CONFLICT {add}", counts)
        self._file.executemany(f"INSERT INTO times VALUES (?, ?, ?) ON CONFLICT {add}", times)


class _Adding:
    """What one transaction adds to a segment, beside its rows."""

    def __init__(self, known: Mapping[str, Mapping[str, int]], last: int, first: int) -> None:
        self.last, self.first, self.rows = last, first, 0
        self.position = Position()
        self.new: dict[str, dict[str, int]] = {name: {} for name in _TABLES}
        self.minutes: Counter[tuple[int, int, int]] = Counter()
        self.times: Counter[tuple[int, int]] = Counter()
        self._tables = {
            column: (known[table], self.new[table])
            for column in (*TEXTS, *WORDS)
            for table in (column if column in TEXTS else "words",)
        }

    def row(self, fields: Mapping[str, Any]) -> Sequence[Any] | None:
        """None for what is no record of a decision."""
        try:
            row = row_of(fields, self._number(concluded(fields)), self._intern)
        except (KeyError, TypeError, ValueError, IndexError, OverflowError):
            return None
        self.first = self.first or row[0]
        minute, rule, status, us = row[0] // (MINUTE * 1_000_000), row[7], row[9], row[10]
        self.minutes[minute, rule, status // 100] += 1
        if us is not None:
            self.times[minute, bucket_of(us / 1000)] += 1
        return row

    def _number(self, concluded: int) -> int:
        """Later than all before: rows are appended, in the order in which the edge wrote them."""
        if not 0 < concluded < LATEST:
            raise ValueError("no time")
        self.last = max(concluded, self.last + 1)
        return self.last

    def _intern(self, column: str, text: str) -> int:
        known, new = self._tables[column]
        found = known.get(text)
        if found is None:
            found = new.get(text)
            if found is None:
                found = new[text] = len(known) + len(new) + 1
        return found


def bucket_of(ms: float) -> int:
    """Two buckets for each doubling: a time is known to a fifth."""
    return round(2 * log2(max(ms, 0.125)))


def milliseconds_of(bucket: int) -> float:
    return float(2 ** (bucket / 2))
