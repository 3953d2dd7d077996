"""SQLite files opened as segments need it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from .wish import TooLong

PATIENCE = 10.0
"""Seconds that one question may take, in all segments together."""
TOO_LONG = f"this takes longer than {PATIENCE:g} s; ask for a shorter time, or for less"
STEPS = 20_000
"""Instructions of SQLite's machine between two looks at the clock: about a millisecond."""


def text_of(raw: bytes) -> str:
    """A peer may write half a character; SQLite keeps its bytes."""
    return raw.decode("utf-8", "surrogatepass")


def bytes_of(text: str) -> bytes:
    """For ``CAST(? AS TEXT)``."""
    return text.encode("utf-8", "surrogatepass")


def writing(path: Path) -> sqlite3.Connection:
    """Made where it is not there. Raises OSError."""
    try:
        made = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        made.text_factory = text_of
        made.execute("PRAGMA journal_mode = wal")
        made.execute("PRAGMA synchronous = normal")
        path.chmod(0o640)
    except sqlite3.Error as error:
        raise OSError(f"{path}: {error}") from None
    return made


@contextmanager
def reading(path: Path, end: float | None = None) -> Iterator[sqlite3.Connection]:
    """For one question, until ``end`` by the monotonic clock. Raises TooLong; FileNotFoundError where the segment was
    forgotten meanwhile."""
    if end is not None and monotonic() > end:
        raise TooLong(TOO_LONG)
    if not path.exists():
        raise FileNotFoundError(path)
    opened = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False)
    try:
        opened.text_factory = text_of
        opened.row_factory = sqlite3.Row
        if end is not None:
            opened.set_progress_handler(lambda: int(monotonic() > end), STEPS)
        yield opened
    except sqlite3.OperationalError as error:
        if "interrupted" not in str(error):
            raise
        raise TooLong(TOO_LONG) from None
    finally:
        opened.close()
