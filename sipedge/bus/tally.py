"""How many of something each worker has, in memory that all share: so a limit may be one of the whole edge."""

from __future__ import annotations

import mmap
import os
import struct

MOST = 8
"""Workers."""
_NUMBER = struct.Struct("<Q")


class Tally:
    """One worker's view."""

    def __init__(self, memory: int, worker: int) -> None:
        """``memory``: descriptor of a file in memory that all workers have."""
        size = MOST * _NUMBER.size
        os.ftruncate(memory, size)
        self._map = mmap.mmap(memory, size)
        self._worker = worker
        self.put(0)  # what the worker before in this seat had is gone with it

    def put(self, number: int) -> None:
        """This worker has so many."""
        _NUMBER.pack_into(self._map, self._worker * _NUMBER.size, number)

    def whole(self, number: int) -> int:
        """This worker has so many: how many all of them have."""
        self.put(number)
        return number + self.others()

    def others(self) -> int:
        """How many all others have."""
        counts = [int(number) for (number,) in _NUMBER.iter_unpack(self._map[:])]
        return sum(counts) - counts[self._worker]
