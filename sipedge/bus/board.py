"""Texts that every worker of an edge puts up for the others, in memory that all share: a ring for each worker.

A text is there before whoever put it up does anything else, and no lock is needed: only one worker writes into a ring.
The next one in its seat goes on with it. Older texts give way when a ring is full; who looks often enough misses none.
"""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Iterator

MOST = 8
"""Workers."""
SIZE = 1 << 23
"""Bytes of a ring; what was never written takes no memory."""
_ENDS = struct.Struct("<QQ")
"""Where the oldest text begins, and where the next one will: bytes since the first one."""
_LENGTH = struct.Struct("<I")
_ROOM = SIZE - mmap.PAGESIZE


class Board:
    """One worker's view."""

    def __init__(self, memory: int, worker: int) -> None:
        """``memory``: descriptor of a file in memory that all workers have."""
        os.ftruncate(memory, MOST * SIZE)
        self._map = mmap.mmap(memory, MOST * SIZE)
        self._worker = worker
        self._read = [0] * MOST
        """How far each ring was read."""

    def put(self, text: str) -> None:
        """What is longer than a ring is not put up."""
        data = text.encode()
        start, end = self._ends(self._worker)
        size = _LENGTH.size + len(data)
        if size > _ROOM:
            return
        while end + size - start > _ROOM:
            start += _LENGTH.size + self._length(self._worker, start)
        self._set(start, end)  # readers know what is overwritten before it is
        self._write(end, _LENGTH.pack(len(data)) + data)
        self._set(start, end + size)

    def news(self) -> Iterator[str]:
        """What was put up by others, and by those that had this seat before, since the last look."""
        for worker in range(MOST):
            start, end = self._ends(worker)
            place = max(self._read[worker], start)
            while place < end:
                data = self._bytes(worker, place + _LENGTH.size, self._length(worker, place))
                place += _LENGTH.size + len(data)
                if place > end or self._ends(worker)[0] > place:  # its writer has come round
                    place = end
                else:
                    yield data.decode(errors="replace")
            self._read[worker] = end

    def _ends(self, worker: int) -> tuple[int, int]:
        start, end = _ENDS.unpack_from(self._map, worker * SIZE)
        return int(start), int(end)

    def _set(self, start: int, end: int) -> None:
        _ENDS.pack_into(self._map, self._worker * SIZE, start, end)

    def _length(self, worker: int, place: int) -> int:
        return int(_LENGTH.unpack(self._bytes(worker, place, _LENGTH.size))[0])

    def _bytes(self, worker: int, place: int, size: int) -> bytes:
        first = worker * SIZE + mmap.PAGESIZE
        begin = place % _ROOM
        rest = max(0, begin + size - _ROOM)
        return self._map[first + begin : first + min(begin + size, _ROOM)] + self._map[first : first + min(rest, _ROOM)]

    def _write(self, place: int, data: bytes) -> None:
        first = self._worker * SIZE + mmap.PAGESIZE
        begin = place % _ROOM
        head = data[: _ROOM - begin]
        self._map[first + begin : first + begin + len(head)] = head
        self._map[first : first + len(data) - len(head)] = data[len(head) :]
