"""Which worker has the transaction of a request: memory that all of them share.

A copy of a request, its CANCEL, and the ACK to a refusal may come on another connection of the same peer, which another
worker has. Every request is noted under what it has in common with them. The memory is one table of fixed size; a newer
entry takes the place of an older one. Nothing depends on an entry being right: a worker that is given a request of
which it has no transaction handles it as it would have been handled anyway.
"""

from __future__ import annotations

import mmap
import os
import struct
from time import monotonic

SLOTS = 1 << 18
"""Of 16 bytes each: at 5,000 requests a second an entry stays for about 50 seconds."""
FRESH = 200
"""Seconds that an entry counts: a little more than an INVITE rings (Timer C)."""
_SLOT = struct.Struct("<qIB3x")


class Directory:
    """One worker's view."""

    def __init__(self, memory: int, worker: int) -> None:
        """``memory``: descriptor of a file in memory that all workers have."""
        size = SLOTS * _SLOT.size
        os.ftruncate(memory, size)
        self._map = mmap.mmap(memory, size)
        self._worker = worker

    def owner(self, key: int, otherwise: int) -> int:
        """Who has the transaction of a request; ``otherwise`` from now on, where nobody had it.

        ``key``: a hash that is the same in all workers.
        """
        place, now = key % SLOTS * _SLOT.size, int(monotonic())
        known, noted, worker = _SLOT.unpack_from(self._map, place)
        if known == key and now - noted < FRESH:
            return int(worker)
        _SLOT.pack_into(self._map, place, key, now, otherwise)
        return otherwise

    def close(self) -> None:
        self._map.close()
