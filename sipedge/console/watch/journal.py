"""Alarms and events, kept in one small SQLite file. It blocks; it may be asked from any thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from time import time
from typing import NamedTuple

from .conditions import Condition

VERSION = 1
"""``user_version``; 0 has one of a build that did not say it yet, and it is the same."""
KEPT = 20_000
"""Of each; the oldest go."""
_TABLES = """
CREATE TABLE IF NOT EXISTS alarms (id INTEGER PRIMARY KEY, key TEXT, text TEXT, raised REAL, cleared REAL,
                                   seen REAL, seen_by TEXT);
CREATE INDEX IF NOT EXISTS open ON alarms (key) WHERE cleared IS NULL;
CREATE TABLE IF NOT EXISTS events (id INTEGER PRIMARY KEY, time REAL, kind TEXT, text TEXT, revision TEXT);
"""


class Alarm(NamedTuple):
    number: int
    text: str
    raised: float
    cleared: float | None
    """None while it lasts."""
    seen: float | None
    seen_by: str
    key: str
    """Of its condition."""


class Event(NamedTuple):
    time: float
    kind: str
    text: str
    revision: str


class Journal:
    def __init__(self, folder: Path) -> None:
        """Raises OSError."""
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        path = folder / "journal.db"
        self._lock = Lock()
        try:
            self._file = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._file.execute("PRAGMA journal_mode = wal")
            if self._file.execute("PRAGMA user_version").fetchone()[0] > VERSION:
                raise OSError(f"{path}: a newer version of sipedge has written it; run that one, or move it away")
            self._file.executescript(f"{_TABLES} PRAGMA user_version = {VERSION};")
            path.chmod(0o640)
        except sqlite3.Error as error:
            raise OSError(f"{path}: {error}; it holds alarms and events: move it away to begin anew") from None

    def judge(self, conditions: Iterable[Condition]) -> bool:
        """Raise what is new and clear what is over; whether there was any. Raises OSError."""
        now = {each.key: each.text for each in conditions}
        with self._writing() as file:
            open_ones = dict(file.execute("SELECT key, text FROM alarms WHERE cleared IS NULL"))
            for key, text in now.items():
                if key not in open_ones:
                    file.execute("INSERT INTO alarms (key, text, raised) VALUES (?, ?, ?)", (key, text, time()))
                    self._note(file, "alarm", text)
                elif open_ones[key] != text:
                    file.execute("UPDATE alarms SET text = ? WHERE key = ? AND cleared IS NULL", (text, key))
            for key in open_ones.keys() - now.keys():
                file.execute("UPDATE alarms SET cleared = ? WHERE key = ? AND cleared IS NULL", (time(), key))
                self._note(file, "cleared", open_ones[key])
            file.execute("DELETE FROM alarms WHERE id <= (SELECT max(id) FROM alarms) - ?", (KEPT,))
        return now.keys() != open_ones.keys()

    def see(self, number: int, who: str) -> bool:
        """Somebody has seen an alarm; False where there is no such one that nobody has. Raises OSError."""
        with self._writing() as file:
            sql = "UPDATE alarms SET seen = ?, seen_by = ? WHERE id = ? AND seen IS NULL"
            return file.execute(sql, (time(), who, number)).rowcount == 1

    def note(self, kind: str, text: str, revision: str = "") -> None:
        """Raises OSError."""
        with self._writing() as file:
            self._note(file, kind, text, revision)

    def alarms(self, most: int) -> list[Alarm]:
        """Those that last first, then the newest."""
        sql = "SELECT id, text, raised, cleared, seen, coalesce(seen_by, ''), key FROM alarms"
        with self._reading():
            rows = self._file.execute(f"{sql} ORDER BY cleared IS NOT NULL, id DESC LIMIT ?", (most,)).fetchall()
        return [Alarm(*row) for row in rows]

    def events(self, most: int, kind: str = "", text: str = "") -> list[Event]:
        """The newest first. ``text``: a part of it."""
        sql = "SELECT time, kind, text, revision FROM events WHERE (? = '' OR kind = ?) AND instr(text, ?)"
        with self._reading():
            rows = self._file.execute(f"{sql} ORDER BY id DESC LIMIT ?", (kind, kind, text, most)).fetchall()
        return [Event(*row) for row in rows]

    def close(self) -> None:
        self._file.close()

    def _note(self, file: sqlite3.Connection, kind: str, text: str, revision: str = "") -> None:
        sql = "INSERT INTO events (time, kind, text, revision) VALUES (?, ?, ?, ?)"
        file.execute(sql, (time(), kind, text, revision))
        file.execute("DELETE FROM events WHERE id <= (SELECT max(id) FROM events) - ?", (KEPT,))

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """One at a time. Raises OSError."""
        with self._lock:
            try:
                yield
            except sqlite3.Error as error:
                raise OSError(f"journal.db: {error}") from None

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction, one at a time; where the disk does not take it, nothing of it is left. Raises OSError."""
        with self._lock:
            try:
                self._file.execute("BEGIN IMMEDIATE")
                yield self._file
                self._file.execute("COMMIT")
            except sqlite3.Error as error:
                raise OSError(f"journal.db: {error}") from None
            finally:
                if self._file.in_transaction:
                    self._file.execute("ROLLBACK")
