"""Lines for a descriptor that another process empties, written by a thread: who has something to say never waits.

The queue between the two is bounded in bytes. What finds it full is dropped and counted; once writing works again, a
line about it is written. Write errors (a reader that is gone, a full disk) cost the lines that they hit, nothing else.
"""

from __future__ import annotations

import os
import select
from collections import deque
from collections.abc import Callable
from threading import Event, Lock, Thread

MAX_BYTES = 256 * 1024
"""Queued at most, the line that is being written included; a longer line never gets through."""


class Writer:
    """Any thread may call it. A child process begins with an empty queue and a thread of its own, both at first use."""

    def __init__(self, name: str, descriptor: int, tell: Callable[[int], bytes]) -> None:
        """``descriptor``: blocking or not. ``tell``: the line that says how many lines are lost so far."""
        self.name = name
        self._descriptor, self._tell = descriptor, tell
        self._lock = Lock()
        """Held for a moment by those who put, never by the thread: no child inherits it locked."""
        self._process = 0
        self._begin()

    @property
    def dropped(self) -> int:
        """Lines of this process that never got to the descriptor: the queue was full, or a write failed."""
        return self._dropped + self._lost

    def put(self, line: bytes) -> None:
        """Queue a line (or several that belong together), its line feed included."""
        with self._lock:
            if self._process != os.getpid():
                self._begin()
                self._process = os.getpid()
                Thread(target=self._run, daemon=True, name=self.name).start()
            if self._put - self._taken + len(line) > MAX_BYTES:
                self._dropped += 1
                return
            self._put += len(line)
            self._queue.append(line)
        self._wake.set()

    def flush(self, seconds: float) -> bool:
        """Wait until all that is queued is written, ``seconds`` at most; whether it is."""
        if self._process != os.getpid():
            return True
        reached = Event()
        self._queue.append(reached)
        self._wake.set()
        return reached.wait(seconds)

    def _begin(self) -> None:
        self._queue: deque[bytes | Event] = deque()
        """Lines, and events to set when all before them is written."""
        self._wake = Event()
        self._put = self._taken = 0
        """Bytes; the second is written by the thread only."""
        self._dropped = self._lost = self._told = 0
        """Lines; the second and third are written by the thread only."""

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            while self._queue:
                item = self._queue.popleft()
                if isinstance(item, Event):
                    item.set()
                    continue
                written = self._write(item)
                self._taken += len(item)
                self._lost += not written
                if written and self.dropped != self._told and self._put - self._taken < MAX_BYTES // 2:
                    self._tell_lost()

    def _tell_lost(self) -> None:
        """With half of the queue free again: a reader that is always late gets no second line for each line."""
        dropped = self.dropped
        if self._write(self._tell(dropped)):
            self._told = dropped

    def _write(self, line: bytes) -> bool:
        """A line of up to PIPE_BUF bytes (4096) goes into a pipe whole, whoever else writes into it (pipe(7))."""
        rest = memoryview(line)
        try:
            while rest:
                try:
                    rest = rest[os.write(self._descriptor, rest) :]
                except BlockingIOError:  # somebody who shares the descriptor wants it so
                    self._wait_for_room()
        except OSError:
            return False
        return True

    def _wait_for_room(self) -> None:
        poll = select.poll()
        poll.register(self._descriptor, select.POLLOUT)
        poll.poll()
