"""A file that whole lines are appended to, and that is rotated: ``log``, ``log.1``, ``log.2`` ..."""

from __future__ import annotations

import os
import stat
from collections import deque
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from itertools import islice

from .items import Part
from .shared import Turns

MODE = 0o640
"""Of a file that is made here: messages hold what people said to each other."""
MOST_PARTS = 512
"""In one call: Linux takes 1024 (IOV_MAX)."""
TAIL = 4 << 20
"""Bytes: no record of a decision is longer."""


class RotatingFile:
    """``size``: bytes after which the file is put aside. ``count``: how many files put aside are kept.

    A line longer than ``size`` has a file of its own. A pipe or a device is never put aside. Several workers may have
    the same file open: each of them writes in its turn, and whoever finds the file full puts it aside.
    """

    def __init__(self, path: str, size: int, count: int, turns: Turns | None = None) -> None:
        """``turns``: where others write into it, too."""
        self.path = path
        self._limit, self._count, self._turns = size, count, turns
        self._file = -1
        self._size = self._whole = 0
        """Bytes in the file, and so many of them as are known to end in a line end."""
        self._regular = True
        self._rotations = 0
        """Those before it was opened."""

    @property
    def is_open(self) -> bool:
        return self._file >= 0

    def open(self) -> None:
        """Nothing happens when it is open. Raises OSError."""
        if self.is_open:
            return
        self._rotations = self._turns.rotations if self._turns is not None else 0
        self._file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, MODE)
        status = os.fstat(self._file)
        self._regular = stat.S_ISREG(status.st_mode)
        self._size, self._whole = status.st_size if self._regular else 0, 0

    def write(self, lines: Sequence[Part]) -> None:
        """Append lines, each with its line end. Raises OSError; some of them are written then."""
        with self.turn():
            self.append(lines)

    def turn(self) -> AbstractContextManager[None]:
        """Nobody else writes inside it."""
        return nullcontext() if self._turns is None else self._turns

    def append(self, parts: Sequence[Part]) -> None:
        """As ``write``, for whose turn it is. ``parts``: of whole lines each."""
        self._go_on()
        if not self._regular or self._size + sum(map(len, parts)) <= self._limit:
            self._append(parts)
        else:
            for part in parts:
                self._append_in_turns(part)
        self._whole = self._size

    def _append_in_turns(self, lines: Part) -> None:
        """To this file, and to those that follow it."""
        rest = memoryview(lines)
        while rest:
            fits = self._fitting(rest)
            if fits:
                self._append([rest[:fits]])
            rest = rest[fits:]
            if rest:
                self._rotate()

    def _fitting(self, lines: memoryview) -> int:
        """Bytes of those of these lines that belong into the file as it is."""
        room = self._limit - self._size
        if not self._regular or len(lines) <= room:
            return len(lines)
        whole = bytes(lines[: max(room, 0)]).rfind(b"\n") + 1
        if whole or self._size:
            return whole
        return bytes(lines).find(b"\n") + 1 or len(lines)

    def tail(self) -> bytes:
        """The last TAIL bytes of the open file, or where it is empty of the one put aside last. Raises OSError."""
        if self._size:
            return os.pread(self._file, TAIL, max(0, self._size - TAIL))
        if not self._regular or not os.path.isfile(before := f"{self.path}.1"):
            return b""
        with open(before, "rb") as stream:
            stream.seek(max(0, os.path.getsize(before) - TAIL))
            return stream.read(TAIL)

    def close(self) -> None:
        if self._file >= 0:
            file, self._file = self._file, -1
            with suppress(OSError):
                os.close(file)

    def _go_on(self) -> None:
        """Where others may have written, and where a line broke off: the disk was full, or its writer was killed."""
        if self._turns is not None and self._turns.rotations != self._rotations:
            self.close()
            self.open()
        if self._regular:
            self._size = os.fstat(self._file).st_size
            if self._size and self._size != self._whole and os.pread(self._file, 1, self._size - 1) != b"\n":
                self._append([b"\n"])

    def _append(self, parts: Sequence[Part]) -> None:
        """All at once: after each call the thread has to get the interpreter back from the event loop."""
        left = deque(memoryview(part) for part in parts)
        while left:
            written = os.writev(self._file, list(islice(left, MOST_PARTS)))
            self._size += written
            while left and written >= len(left[0]):
                written -= len(left.popleft())
            if written:
                left[0] = left[0][written:]

    def _rotate(self) -> None:
        """Raises OSError."""
        self.close()
        names = [self.path, *(f"{self.path}.{number}" for number in range(1, self._count + 1))]
        free = next((number for number, name in enumerate(names) if not os.path.exists(name)), self._count)
        for number in range(free, 0, -1):
            os.replace(names[number - 1], names[number])
        if self._turns is not None:
            self._turns.rotated()
        self.open()
