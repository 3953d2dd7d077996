"""Files that several workers write: whose turn it is, and the numbers that they have in common.

Each worker appends whole lines itself, so that one that dies takes nothing of the others along. A turn is a lock on a
byte of the memory that they share, which the kernel takes back from a process that ends. What a worker has concluded
and what it has written are counted there, too: what is missing between the two is lost, and shows as a jump of the
number.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
from types import TracebackType

OUTPUTS = ("decisions", "messages", "expressway")
"""Those that are files, by their names in ``[log]``."""
SIZE = mmap.PAGESIZE
_NUMBER = struct.Struct("<Q")
_NUMBERS = len(OUTPUTS)
"""Behind the rotations of each output: the last number of a decision, then two for each worker."""
_LOCK = struct.Struct("hhqqi4x")
"""``struct flock`` of fcntl(2) on 64-bit Linux."""


class Shared:
    """One worker's view."""

    def __init__(self, memory: int, worker: int) -> None:
        """``memory``: descriptor of a file in memory that all workers have."""
        os.ftruncate(memory, SIZE)
        self._map = mmap.mmap(memory, SIZE)
        self._memory, self._worker = memory, worker

    @property
    def concluded(self) -> int:
        """Decisions of this worker and of those that had its seat before. The event loop's."""
        return self._get(self._own)

    @concluded.setter
    def concluded(self, number: int) -> None:
        self._put(self._own, number)

    def numbered(self, last: int, least: int) -> int:
        """How much higher the numbers of decisions in a row are in the file, for a thread whose turn it is.

        ``last``: of those of this worker. ``least``: the last number that was in the file when it was
        opened.
        """
        higher = max(self._get(_NUMBERS), least) - self._get(self._own + 1)
        self._put(_NUMBERS, last + higher)
        self._put(self._own + 1, last)
        return higher

    def turns(self, output: str) -> Turns:
        return Turns(self, self._memory, OUTPUTS.index(output))

    def rotations(self, place: int) -> int:
        return self._get(place)

    def rotated(self, place: int) -> None:
        self._put(place, self._get(place) + 1)

    @property
    def _own(self) -> int:
        return _NUMBERS + 1 + 2 * self._worker

    def _get(self, place: int) -> int:
        return int(_NUMBER.unpack_from(self._map, place * _NUMBER.size)[0])

    def _put(self, place: int, number: int) -> None:
        _NUMBER.pack_into(self._map, place * _NUMBER.size, number)


class Turns:
    """Of one output: nobody else writes into its file inside the ``with``. It waits, so it is for threads."""

    def __init__(self, shared: Shared, memory: int, place: int) -> None:
        self._shared, self._place = shared, place
        # Opened anew: a lock belongs to what was opened, and the workers have ``memory`` in common.
        self._file = os.open(f"/proc/self/fd/{memory}", os.O_RDWR | os.O_CLOEXEC)

    def __enter__(self) -> None:
        self._lock(fcntl.F_WRLCK)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._lock(fcntl.F_UNLCK)

    def __del__(self) -> None:
        os.close(self._file)

    @property
    def rotations(self) -> int:
        """How often the file was put aside, by whomever."""
        return self._shared.rotations(self._place)

    def rotated(self) -> None:
        """It was put aside in this turn."""
        self._shared.rotated(self._place)

    def _lock(self, kind: int) -> None:
        fcntl.fcntl(self._file, fcntl.F_OFD_SETLKW, _LOCK.pack(kind, os.SEEK_SET, self._place, 1, 0))
