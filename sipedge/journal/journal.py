"""The thread that writes a journal: the event loop hands changes over, and never waits for a disk.

What waits is the newest data of each key, so that the queue is no longer than what there is to keep. A change is
written as soon as the thread gets the interpreter (about a millisecond) and survives the process from then on; the disk
is waited for once a second, so that a power cut costs that second.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from os import unlink
from os.path import exists
from threading import Condition, Thread

from .file import Changes, JournalFile

SYNC = 1.0
"""Seconds between two waits for the disk."""
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
"""After a failure: the disk is full, say. What changes meanwhile waits."""
END_LIMIT = 3.0

logger = logging.getLogger("sipedge")


class Journal:
    """``keep`` and ``end`` belong to the event loop; neither waits."""

    def __init__(self, path: str, others: Iterable[str] = ()) -> None:
        """Open and read it. Blocks. Raises OSError. ``others``: files of which those that are there go up in it."""
        self.path = path
        self._file = JournalFile(path)
        self.recalled = self._file.open()
        """Key -> data, as they were at the start."""
        for other in filter(exists, others):
            self._inherit(other)
        if self._file.unreadable:
            logger.warning("journal %s: %d lines are damaged and passed over", path, self._file.unreadable)
        self._changed = Condition()
        self._pending: dict[str, bytes | None] = {}
        self._ended = False
        self._thread = Thread(target=self._run, daemon=True, name=f"journal {path}")
        self._thread.start()

    def _inherit(self, path: str) -> None:
        """Raises OSError."""
        other = JournalFile(path)
        kept = other.open()
        self._file.append(kept)
        self._file.sync()
        self.recalled |= kept
        unlink(path)
        other.close()

    def keep(self, key: str, data: bytes | None) -> None:
        """From now on ``key`` has this data; None: forget it."""
        with self._changed:
            self._pending[key] = data
            self._changed.notify()

    def end(self) -> None:
        """Write what waits, then end."""
        with self._changed:
            self._ended = True
            self._changed.notify()

    def join(self) -> None:
        """Wait for the end, not for ever; only after ``end``, outside the event loop."""
        self._thread.join(END_LIMIT)

    def _run(self) -> None:
        unsynced, synced, pause = False, time.monotonic(), FIRST_PAUSE
        while True:
            changes, ended = self._take(SYNC if unsynced else None)
            try:
                self._file.append(changes)
                unsynced = unsynced or bool(changes)
                if unsynced and (ended or time.monotonic() - synced >= SYNC):
                    self._file.sync()
                    unsynced, synced = False, time.monotonic()
                pause = FIRST_PAUSE
            except OSError as error:
                self._failed(changes, error, pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            if ended:
                self._file.close()
                return

    def _take(self, limit: float | None) -> tuple[Changes, bool]:
        """What is to be written, and whether it is the last."""
        with self._changed:
            if not self._pending and not self._ended:
                self._changed.wait(limit)
            changes, self._pending = self._pending, {}
            return changes, self._ended

    def _failed(self, changes: Changes, error: OSError, pause: float) -> None:
        """Put back what newer changes have not overtaken, and let time pass."""
        logger.error("journal %s: %s; calls that are open now may not survive a restart", self.path, error)
        with self._changed:
            self._pending = {**changes, **self._pending}
            if not self._ended:
                self._changed.wait_for(lambda: self._ended, pause)
