"""The history as a folder of segments, written and forgotten."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable
from pathlib import Path
from time import time
from weakref import finalize

from .kept import ENDINGS, Kept, kept_of
from .sealing import Sealing, is_sealed
from .segment import Segment
from .wish import Batch, Position, Unreadable

DAY = 86400.0
PARTS = 8
"""Segments, at least, that what is kept is parted into: as exactly are days and bytes kept to."""


class Segments(Kept):
    """A ``History``. One process writes a folder; ``add`` and ``forget`` belong to one thread."""

    def __init__(self, folder: Path) -> None:
        """Made where it is not there. Raises OSError."""
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        super().__init__(folder)
        self._unlock = finalize(self, os.close, _locked(folder / "lock"))
        self._sealing = Sealing()
        for number in sorted(self._numbers())[:-1]:
            if not self._is_sealed(number):
                self._sealing.add(self._path(number))
        newest = max(self._numbers(), default=1)
        self._writing = self._opened(newest)
        if self._writing.path == self._path(newest) and self._is_sealed(newest):
            self._begin()

    def position(self) -> Position:
        for number in sorted(self._numbers(), reverse=True):
            with self._passing(number), self._reading(number) as file:
                found = file.execute("SELECT first, offset, sequence FROM position").fetchone()
                if found:
                    return Position(*found)
        return Position()

    def add(self, batches: Iterable[Batch]) -> None:
        try:
            for batch in batches:
                if self._writing.full or self._writing.is_ahead_of(batch):
                    self._writing.commit()
                    self._begin()
                self._writing.add(batch)
            self._writing.commit()
        except Unreadable:
            self._begin()  # so that what comes stands in a whole one
            raise
        finally:
            self._writing.give_up()

    def forget(self, days: float, size: int) -> int:
        """Only whole segments go. The one that is written is ended before, where it is old or too large alone."""
        forgotten = 0
        self._end_in_time(days, size)
        self._sealing.go_on()
        numbers = sorted(self._numbers())
        sizes = {number: self._size(number) for number in numbers}
        for number in numbers[:-1]:
            kept = self._kept_of(number)
            if kept["last"] >= (time() - days * DAY) * 1e6 and sum(sizes.values()) <= size:
                break
            self._remove(number)
            self._unreadable.pop(number, None)
            del sizes[number]
            forgotten += kept["rows"]
        return forgotten

    def settle(self) -> None:
        """Wait until what is full has its indexes."""
        self._sealing.wait()

    def close(self) -> None:
        self._sealing.end()
        self._writing.close()
        self._unlock()

    def _end_in_time(self, days: float, size: int) -> None:
        age = time() - self._writing.first / 1e6
        number = int(self._writing.path.stem)
        if self._writing.rows and (age > days * DAY / PARTS or self._size(number) > size / PARTS):
            self._begin()

    def _begin(self) -> None:
        """The next segment; the one before gets its indexes."""
        before = self._writing
        before.close()
        self._writing = Segment(self._path(max(self._numbers()) + 1))
        self._sealing.add(before.path)

    def _opened(self, number: int) -> Segment:
        """To go on with, or the next one where that cannot be. Raises OSError."""
        try:
            return Segment(self._path(number))
        except Unreadable as error:
            self._unreadable[number] = str(error)
            return Segment(self._path(number + 1))

    def _kept_of(self, number: int) -> dict[str, int]:
        with self._passing(number), self._reading(number) as file:
            return kept_of(file)
        return {"rows": 0, "last": round(self._path(number).stat().st_mtime * 1e6)}

    def _remove(self, number: int) -> None:
        for ending in reversed(ENDINGS):
            Path(f"{self._path(number)}{ending}").unlink(missing_ok=True)

    def _is_sealed(self, number: int) -> bool:
        with self._passing(number), self._reading(number) as file:
            return is_sealed(file)
        return True


def _locked(path: Path) -> int:
    """An open file, locked until it is closed. Raises OSError."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        raise OSError(f"{path.parent}: another console writes here") from None
    return file
