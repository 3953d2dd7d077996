"""The segment that is being written: rows go in without indexes; when it is full, it is sealed."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from math import log2
from pathlib import Path
from typing import Any

from .files import bytes_of, writing
from .row import COLUMNS, TEXTS, concluded, row_of
from .schema import ROWS, SEAL, TABLES
from .wish import Batch, Position

_INSERT = f"INSERT INTO decisions VALUES ({', '.join('?' * len(COLUMNS))})"
_TABLES = (*TEXTS, "words")
MINUTE = 60
LATEST = 1 << 62
"""Microseconds."""
BACK = 5_000_000
"""Microseconds that a clock may have gone back until a segment ends by it."""
FEW = 1000
"""Rows: a segment with fewer does not end by it."""


class Segment:
    """Belongs to the thread that writes."""

    def __init__(self, path: Path) -> None:
        """Raises OSError."""
        self.path = path
        self._file = writing(path)
        if not self._file.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            self._file.executescript(f"BEGIN; {TABLES} COMMIT;")
        self._known = {name: dict(self._file.execute(f"SELECT text, id FROM {name}")) for name in _TABLES}
        found = self._file.execute("SELECT count(*), coalesce(min(id), 0), coalesce(max(id), 0) FROM decisions")
        self.rows, self.first, self._last = map(int, found.fetchone())
        """Microseconds; 0 without rows."""

    @property
    def full(self) -> bool:
        return self.rows >= ROWS

    def is_ahead_of(self, batch: Batch) -> bool:
        """Whether the clock went back: what comes has to stand in a segment of its own, to be found by its time."""
        try:
            first = concluded(batch.records[0])
        except (IndexError, KeyError, TypeError, ValueError, OverflowError):
            return False
        return self.rows >= FEW and self._last - first > BACK

    def position(self) -> Position | None:
        """None where this segment has none yet."""
        found = self._file.execute("SELECT first, offset, sequence FROM position").fetchone()
        return Position(*found) if found else None

    def add(self, batch: Batch) -> None:
        """All of it or nothing. Raises OSError."""
        adding = _Adding(self._known, self._last)
        rows = [row for fields in batch.records if (row := adding.row(fields)) is not None]
        try:
            self._file.execute("BEGIN IMMEDIATE")
            for name in _TABLES:
                given = [(number, bytes_of(text)) for text, number in adding.new[name].items()]
                self._file.executemany(f"INSERT INTO {name} VALUES (?, CAST(? AS TEXT))", given)
            self._file.executemany(_INSERT, rows)
            self._roll_up(adding)
            self._file.executemany("INSERT INTO gaps VALUES (?, ?)", [astuple(gap) for gap in batch.gaps])
            self._file.execute("DELETE FROM position")
            self._file.execute("INSERT INTO position VALUES (?, ?, ?)", astuple(batch.position))
            self._file.execute("COMMIT")
        except sqlite3.Error as error:
            if self._file.in_transaction:
                self._file.execute("ROLLBACK")
            raise OSError(f"{self.path}: {error}") from None
        for name in _TABLES:
            self._known[name] |= adding.new[name]
        self.rows += len(rows)
        self.first = self.first or (rows[0][0] if rows else 0)
        self._last = adding.last

    def seal(self) -> None:
        """Nothing is written into it any more. Raises OSError: then it is as it was."""
        try:
            self._file.executescript(f"BEGIN IMMEDIATE; {SEAL} COMMIT; PRAGMA wal_checkpoint(truncate);")
            self._file.execute("PRAGMA journal_mode = delete")
        except sqlite3.Error as error:
            if self._file.in_transaction:
                self._file.execute("ROLLBACK")
            raise OSError(f"{self.path}: {error}") from None
        self.close()

    def close(self) -> None:
        self._file.close()

    def _roll_up(self, adding: _Adding) -> None:
        counts = [(*key, count) for key, count in adding.minutes.items()]
        times = [(*key, count) for key, count in adding.times.items()]
        add = "DO UPDATE SET count = count + excluded.count"
        self._file.executemany(f"INSERT INTO minutes VALUES (?, ?, ?, ?) ON CONFLICT {add}", counts)
        self._file.executemany(f"INSERT INTO times VALUES (?, ?, ?) ON CONFLICT {add}", times)


class _Adding:
    """What one batch adds to a segment."""

    def __init__(self, known: Mapping[str, Mapping[str, int]], last: int) -> None:
        self.last = last
        self.new: dict[str, dict[str, int]] = {name: {} for name in _TABLES}
        self.minutes: Counter[tuple[int, int, int]] = Counter()
        self.times: Counter[tuple[int, int]] = Counter()
        self._known = known
        self._ids: set[int] = set()

    def row(self, fields: Mapping[str, Any]) -> Sequence[Any] | None:
        """None for what is no record of a decision."""
        try:
            row = row_of(fields, self._number(concluded(fields)), self._intern)
        except (KeyError, TypeError, ValueError, IndexError, OverflowError):
            return None
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
        table = column if column in TEXTS else "words"
        known, new = self._known[table], self.new[table]
        found = known.get(text) or new.get(text)
        if found is None:
            found = new[text] = len(known) + len(new) + 1
        return found


def bucket_of(ms: float) -> int:
    """Two buckets for each doubling: a time is known to a fifth."""
    return round(2 * log2(max(ms, 0.125)))


def milliseconds_of(bucket: int) -> float:
    return float(2 ** (bucket / 2))
