"""Numbers in memory that all workers share (rates/shelf.py): a table of fixed size, newer ones push older ones out."""

from __future__ import annotations

import mmap
import os
import struct

SLOTS = 1 << 16
MOST = 8
"""Workers."""
_SLOT = struct.Struct("<qd")


class SharedShelf:
    """One worker's view."""

    workers = MOST

    def __init__(self, memory: int, worker: int) -> None:
        """``memory``: descriptor of a file in memory that all workers have."""
        self.worker = worker
        size = SLOTS * _SLOT.size
        os.ftruncate(memory, size)
        self._map = mmap.mmap(memory, size)

    def get(self, key: int) -> float:
        known, number = _SLOT.unpack_from(self._map, key % SLOTS * _SLOT.size)
        return float(number) if known == key else 0.0

    def put(self, key: int, number: float) -> None:
        _SLOT.pack_into(self._map, key % SLOTS * _SLOT.size, key, number)
