"""Segments that are full get their indexes in a thread: that takes a second or two, and decisions go on coming."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from threading import Lock, Thread

from .files import text_of
from .row import TEXTS
from .schema import PARTS, SEAL

logger = logging.getLogger("sipedge.history")


class Sealing:
    """Belongs to the thread that writes segments, but for its own one."""

    def __init__(self) -> None:
        self._waiting: list[Path] = []
        self._thread: Thread | None = None
        self._lock = Lock()
        """Of the two before: the thread ends only where nothing waits."""
        self._ended = False
        self._file: sqlite3.Connection | None = None
        """That is being sealed."""

    def add(self, path: Path) -> None:
        """Nothing is written into it any more."""
        with self._lock:
            self._waiting.append(path)
        self.go_on()

    def go_on(self) -> None:
        """With those that wait; one that could not be sealed, because the disk was full, is tried again."""
        with self._lock:
            if self._waiting and self._thread is None:
                self._thread = Thread(target=self._run, daemon=True, name="sealing")
                self._thread.start()

    def wait(self) -> None:
        """Until each was tried."""
        if (thread := self._thread) is not None:
            thread.join()

    def end(self) -> None:
        """What is not sealed by now is sealed by the next one that opens the folder."""
        self._ended = True
        if (file := self._file) is not None:
            with suppress(sqlite3.Error):  # it has just been closed
                file.interrupt()
        self.wait()

    def _run(self) -> None:
        tried = 0
        while (path := self._next(tried)) is not None:
            try:
                self._seal(path)
                self._waiting.remove(path)
            except sqlite3.Error as error:
                tried += 1
                if not self._ended:
                    logger.warning("%s: no indexes yet: %s", path, error)

    def _next(self, tried: int) -> Path | None:
        """Behind so many that could not be sealed; None: the thread ends."""
        with self._lock:
            if tried < len(self._waiting) and not self._ended:
                return self._waiting[tried]
            self._thread = None
            return None

    def _seal(self, path: Path) -> None:
        if not path.exists():  # forgotten
            return
        with closing(_opened(path)) as self._file:
            seal(self._file)
        self._file = None


def is_sealed(file: sqlite3.Connection) -> bool:
    return bool(file.execute("SELECT count(*) FROM sealed").fetchone()[0])


def seal(file: sqlite3.Connection) -> None:
    """Raises sqlite3.Error: then it is as it was."""
    parts = "".join(PARTS.format(name=name) for name in TEXTS) if has_fts5(file) else ""
    file.execute("BEGIN IMMEDIATE")
    try:
        if not is_sealed(file):
            for statement in _statements(SEAL + parts):
                file.execute(statement)
        file.execute("COMMIT")
    except sqlite3.Error:
        if file.in_transaction:
            file.execute("ROLLBACK")
        raise
    with suppress(sqlite3.OperationalError):  # somebody reads it: then the log goes when he has done so
        file.execute("PRAGMA wal_checkpoint(truncate)")
        file.execute("PRAGMA journal_mode = delete")


def has_fts5(file: sqlite3.Connection) -> bool:
    return bool(file.execute("SELECT sqlite_compileoption_used('ENABLE_FTS5')").fetchone()[0])


def _statements(script: str) -> list[str]:
    return [statement for statement in script.split(";") if statement.strip()]


def _opened(path: Path) -> sqlite3.Connection:
    """Not made anew where it has just been forgotten."""
    made = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None, check_same_thread=False
    )
    made.text_factory = text_of
    return made
