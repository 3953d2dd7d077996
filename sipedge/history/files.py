"""SQLite files opened as segments need it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from .wish import TooLong, Unreadable

PATIENCE = 10.0
"""Seconds that one question may take, in all segments together."""
TOO_LONG = f"this takes longer than {PATIENCE:g} s; ask for a shorter time, or for less"
STEPS = 1_000
"""Instructions of SQLite's machine between two looks at the clock: some 50 µs; half a second where each compares
texts of 4 KB that strangers have chosen to be slow."""
VERSION = 1
"""``user_version`` of a segment; 0 has one of a build that did not say it yet, and it is the same."""
DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def text_of(raw: bytes) -> str:
    """A peer may write half a character; SQLite keeps its bytes."""
    return raw.decode("utf-8", "surrogatepass")


def bytes_of(text: str) -> bytes:
    """For ``CAST(? AS TEXT)``."""
    return text.encode("utf-8", "surrogatepass")


def trouble_with(path: Path, error: sqlite3.Error) -> OSError:
    """Unreadable where the file itself is damaged: to try again helps nothing then."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return (Unreadable if code in DAMAGED else OSError)(f"{path}: {error}")


def check_version(file: sqlite3.Connection, path: Path) -> None:
    """Raises Unreadable."""
    if file.execute("PRAGMA user_version").fetchone()[0] > VERSION:
        raise Unreadable(f"{path}: a newer version of sipedge has written it")


def writing(path: Path) -> sqlite3.Connection:
    """Made where it is not there. Raises OSError, and where it is damaged Unreadable."""
    try:
        made = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        made.text_factory = text_of
        made.execute("PRAGMA journal_mode = wal")
        made.execute("PRAGMA synchronous = normal")
        path.chmod(0o640)
    except sqlite3.Error as error:
        raise trouble_with(path, error) from None
    return made


@contextmanager
def reading(path: Path, end: float | None = None) -> Iterator[sqlite3.Connection]:
    """For one question, until ``end`` by the monotonic clock. Raises TooLong, Unreadable; FileNotFoundError where the
    segment was forgotten meanwhile."""
    if end is not None and monotonic() > end:
        raise TooLong(TOO_LONG)
    if not path.exists():
        raise FileNotFoundError(path)
    opened = None
    try:
        opened = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False)
        check_version(opened, path)
        opened.text_factory = text_of
        opened.row_factory = sqlite3.Row
        if end is not None:
            opened.set_progress_handler(lambda: int(monotonic() > end), STEPS)
        yield opened
    except sqlite3.DatabaseError as error:
        if "interrupted" in str(error):
            raise TooLong(TOO_LONG) from None
        raise Unreadable(f"{path}: {error}") from None
    finally:
        if opened is not None:
            opened.close()
