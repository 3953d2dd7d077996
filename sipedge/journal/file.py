"""The file of a journal: a line for each change, of which the last one about a key counts.

    9d3f6c1e KEY DATA     the data of this key from now on
    41ce02aa KEY          nothing any more

The number in front is the CRC-32 of the rest, so that a line which broke off, as the last one does when the power goes,
counts as not written. Compaction writes what still counts into a new file that takes the place of the old one.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from zlib import crc32

HEADER = b"sipedge journal 1\n"
MODE = 0o600
"""Call-IDs, tags and addresses of both sides are in it."""
SPARE = 4 << 20
"""Bytes beyond twice of what counts, before it is compacted."""

Changes = Mapping[str, bytes | None]
"""Key -> data; None: forget it. Keys hold no blank, neither holds a line end."""


class JournalFile:
    """Belongs to one thread. Every method raises OSError."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.unreadable = 0
        """Lines that were passed over when it was opened."""
        self._live: dict[str, bytes] = {}
        self._file = -1
        self._size = self._live_size = 0

    def open(self) -> dict[str, bytes]:
        """Read, compact, and keep it open; gives what counts. Also where it is no journal: OSError."""
        file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, MODE)
        try:
            self._lock(file)
            with open(file, "rb", closefd=False) as stream:
                self._read(stream)
            self._rewrite()
        finally:
            os.close(file)
        return dict(self._live)

    def peek(self) -> dict[str, bytes]:
        """What counts now, of a file that an edge may be writing: it is neither locked nor changed."""
        with open(self.path, "rb") as stream:
            self._read(stream)
        return dict(self._live)

    def append(self, changes: Changes) -> None:
        """Write changes; they are in the hands of the system then, and survive this process."""
        self._write(b"".join(_line(key, data) for key, data in changes.items()))
        self._apply(changes)
        if self._size > 2 * self._live_size + SPARE:
            self._rewrite()

    def sync(self) -> None:
        """Wait until the disk has it."""
        os.fdatasync(self._file)

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _lock(self, file: int) -> None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise OSError("it is in use by another edge") from None

    def _read(self, lines: Iterable[bytes]) -> None:
        source = iter(lines)
        first = next(source, b"")
        if first != HEADER and first and not HEADER.startswith(first):
            raise OSError("it is no journal; name a file that is one, or that does not exist")
        for line in source:
            change = _change(line)
            if change is None:
                self.unreadable += 1
            else:
                self._apply(dict([change]))

    def _apply(self, changes: Changes) -> None:
        for key, data in changes.items():
            before = self._live.pop(key, None)
            if before is not None:
                self._live_size -= len(_line(key, before))
            if data is not None:
                self._live[key] = data
                self._live_size += len(_line(key, data))

    def _rewrite(self) -> None:
        """Whoever reads the path finds the old file or the whole new one."""
        new = f"{self.path}.new"
        file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, MODE)
        try:
            self._lock(file)
            data = HEADER + b"".join(_line(key, data) for key, data in self._live.items())
            _write_all(file, data)
            os.fsync(file)
            os.replace(new, self.path)
        except OSError:
            os.close(file)
            with suppress(OSError):
                os.unlink(new)
            raise
        self.close()
        self._file, self._size = file, len(data)

    def _write(self, data: bytes) -> None:
        """All of it or, where the disk is full, nothing: the next line must not stick to a half."""
        try:
            _write_all(self._file, data)
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._file, self._size)
                os.lseek(self._file, self._size, os.SEEK_SET)
            raise
        self._size += len(data)


def _write_all(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def _line(key: str, data: bytes | None) -> bytes:
    text = key.encode() if data is None else key.encode() + b" " + data
    return b"%08x %s\n" % (crc32(text), text)


def _change(line: bytes) -> tuple[str, bytes | None] | None:
    """None for a line that broke off or was altered."""
    number, _, text = line.partition(b" ")
    if not text.endswith(b"\n") or number != b"%08x" % crc32(text[:-1]):
        return None
    key, blank, data = text[:-1].partition(b" ")
    return key.decode(errors="replace"), data if blank else None
