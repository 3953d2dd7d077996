"""How many bytes to read of one connection at once, so that the others have their turn."""

from __future__ import annotations

SLICE = 0.002
"""Seconds of work after which the other connections have their turn."""
LARGEST_READ, SMALLEST_READ = 65536, 1024


class Reading:
    """Of one connection: fewer bytes from a peer whose messages take long."""

    __slots__ = ("_window",)

    def __init__(self) -> None:
        self._window = LARGEST_READ

    def room(self, space: memoryview) -> memoryview:
        """What to give to the next read of it."""
        return space[: self._window]

    def took(self, nbytes: int, seconds: float) -> None:
        """What the bytes of the last read took."""
        if seconds > SLICE:
            self._window = max(SMALLEST_READ, int(nbytes * SLICE / seconds))
        else:
            self._window = min(2 * self._window, LARGEST_READ)
