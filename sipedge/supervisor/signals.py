"""Signals that a loop over ``select`` can wait for."""

from __future__ import annotations

import signal
import socket
from collections.abc import Sequence
from types import FrameType


def _nothing(number: int, frame: FrameType | None) -> None:
    """The number comes through the wake-up socket."""


class Signals:
    """From here to ``close`` these signals do nothing but wait in ``reading``. Belongs to the main thread."""

    def __init__(self, numbers: Sequence[signal.Signals]) -> None:
        self.reading, self._writing = socket.socketpair()
        self.reading.setblocking(False)
        self._writing.setblocking(False)
        self._woken = signal.set_wakeup_fd(self._writing.fileno(), warn_on_full_buffer=False)
        self._before = {number: signal.signal(number, _nothing) for number in numbers}

    def taken(self) -> list[int]:
        """The numbers of those that have come, in their order."""
        try:
            return list(self.reading.recv(4096))
        except BlockingIOError:
            return []

    def close(self) -> None:
        """Put back what was there before."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._woken)
        self.reading.close()
        self._writing.close()
