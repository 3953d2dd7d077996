"""One JSON line for each decision, written by a thread of its own: a slow disk must not stop the loop."""

from __future__ import annotations

import json
import logging
from queue import Full, Queue
from threading import Thread
from typing import TextIO

from .history import Entry

logger = logging.getLogger(__name__)

MAX_QUEUED = 10_000
"""Entries that wait for the disk; beyond it they are dropped and counted."""


class DecisionLog:
    """Appends to a file; with path '' it does nothing."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.dropped = 0
        self._queue: Queue[Entry | None] = Queue(MAX_QUEUED)
        self._thread: Thread | None = None
        if path:
            self._thread = Thread(target=self._run, args=(open(path, "a", encoding="utf-8"),), daemon=True)
            self._thread.start()

    def write(self, entry: Entry) -> None:
        if self._thread is None:
            return
        try:
            self._queue.put_nowait(entry)
        except Full:
            self.dropped += 1

    def close(self) -> None:
        """Write what is queued and end."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    def _run(self, stream: TextIO) -> None:
        with stream:
            while (entry := self._queue.get()) is not None:
                try:
                    stream.write(json.dumps(entry.to_json()) + "\n")
                    if self._queue.empty():
                        stream.flush()
                except OSError as error:
                    logger.error("the decision log %s cannot be written: %s", self.path, error)
