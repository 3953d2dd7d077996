"""One worker as its parent sees it: the process, the link to it, its signs of life."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections import Counter

from .link import make_channel
from .orders import Seat, Shared, make_orders
from .silence import Silence

LONGEST_TRACE = 16_384
"""Bytes of a dying worker's stacks that are logged."""


class Child:
    """A seat, and the process that has it at the time."""

    def __init__(self, worker: int, shared: Shared) -> None:
        self.worker = worker
        self.pid = 0
        """0 while there is no process."""
        self.channel: socket.socket | None = None
        """None when the process has closed its end."""
        self.orders: socket.socket | None = None
        self.serving = False
        self.aborted = False
        self.silence = Silence()
        """Since the last sign of life."""
        self.pause = 0.0
        """Seconds between its last end and its next start."""
        self.due = float("-inf")
        """When it is started, by the monotonic clock."""
        self.began = 0.0
        self.held: Counter[str] = Counter()
        """Source -> connections that it was given and has not reported gone."""
        self.trace = os.memfd_create("sipedge-trace")
        """Where a dying worker writes what it was doing: into memory, because standard error may be full."""
        self._starts = 0
        self._shared = shared

    @property
    def connections(self) -> int:
        """How many of those that it was given are open."""
        return self.held.total()

    def prepare(self) -> tuple[socket.socket, Seat]:
        """Before the fork: the other end of the link, and the seat."""
        self.channel, theirs = make_channel()
        self.orders, orders = make_orders()
        seat = Seat(self.worker, self._starts, orders, self._shared)
        self._starts += 1
        return theirs, seat

    def born(self, pid: int) -> None:
        self.pid, self.began = pid, time.monotonic()
        self.serving = self.aborted = False
        self.silence = Silence()

    def kill(self, number: int) -> None:
        if self.pid:
            os.kill(self.pid, number)

    def reaped(self) -> int | None:
        """Its exit status once it has ended, negative for a signal."""
        if not self.pid:
            return None
        ended, status = os.waitpid(self.pid, os.WNOHANG)
        if not ended:
            return None
        self.pid = 0
        return os.waitstatus_to_exitcode(status)

    def close(self) -> None:
        """This process's ends of what leads to it."""
        for each in (self.channel, self.orders):
            if each is not None:
                each.close()
        self.channel = self.orders = None

    def last_words(self) -> str:
        """The stacks that it has written; the next process begins with nothing."""
        trace = os.pread(self.trace, LONGEST_TRACE, 0)
        os.ftruncate(self.trace, 0)
        os.lseek(self.trace, 0, os.SEEK_SET)  # the next worker shares the offset
        return trace.decode(errors="replace").rstrip()


def end_text(status: int) -> str:
    names = {number.value: number.name for number in signal.Signals}
    return f"died of {names.get(-status, f'signal {-status}')}" if status < 0 else f"ended with status {status}"
