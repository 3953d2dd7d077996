"""Which worker has the transaction of a request: memory that all of them share.

A copy of a request, its CANCEL, and the ACK to a refusal may come on another connection of the same peer, which another
worker has. Every request is noted under the name that its transaction has in pjsip, a keyed digest: nobody outside can
choose a place here. The memory is one table of fixed size; a newer entry takes the place of an older one. The short way
reads and writes it in C (remembered/native/directory.c).

Nothing depends on an entry being right. Several processes write without a lock, so that a slot may hold halves of two
entries, or lose one: a worker that is given a request of which it has no transaction handles it as it would have been
handled anyway, and a copy of which nothing is known is what it would be after FRESH seconds, a request.
"""

from __future__ import annotations

import mmap
import os
import struct

SLOTS = 1 << 18
"""Of 16 bytes each: at 5,000 requests a second an entry stays for about 50 seconds."""
FRESH = 200
"""Seconds that an entry counts: a little more than an INVITE rings (Timer C)."""
DIGITS = 16
"""Of a name's end, hexadecimal: the key of an entry."""
_SLOT = struct.Struct("<QIB3x")


class Directory:
    """One worker's view."""

    def __init__(self, memory: int, worker: int) -> None:
        """``memory``: descriptor of a file in memory that all workers have."""
        size = SLOTS * _SLOT.size
        os.ftruncate(memory, size)
        self.memory = mmap.mmap(memory, size)
        self.worker = worker

    def owner(self, name: bytes, now: float, otherwise: int) -> int:
        """Who has the transaction of a request; ``otherwise`` from now on, where nobody had it.

        ``name``: see Calls.key. ``now``: seconds by a clock that is the same in all workers.
        """
        key, second = int(name[-DIGITS:], 16), int(now)
        place = key % SLOTS * _SLOT.size
        known, noted, worker = _SLOT.unpack_from(self.memory, place)
        if known == key and second - noted < FRESH:
            return int(worker)
        _SLOT.pack_into(self.memory, place, key, second, otherwise)
        return otherwise
