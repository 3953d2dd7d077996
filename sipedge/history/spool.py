"""The edge's file of decisions, read as it grows, through its rotations, from where reading ended the last time.

The edge knows nothing of this reader and never waits for it. What was rotated away before it was read is a gap; the
numbers in the records tell its size.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, BinaryIO

from .wish import Batch, Gap, Position

_decode = json.JSONDecoder().raw_decode
FORMAT = 1
"""Of the records (``sipedge.proxy.history.FORMAT``)."""
READ = 1 << 16
"""Bytes that are read at once; their records are one batch. Of 1 MB it takes a fifth longer: so much is in no cache."""
BYTES = 4 << 20
"""A longer line is no record."""
FIRST = 160
"""Bytes from the beginning of a file that tell it from all others: they hold a number and a time."""
MOST_ROTATED = 1000
"""As many files may ``[log] rotate_count`` keep."""


class Spool:
    """Belongs to one thread."""

    def __init__(self, path: str, position: Position) -> None:
        self._path = path
        self.position = position
        self._file: BinaryIO | None = None

    def read(self) -> Batch | None:
        """The next records; None where there are none now. Raises OSError where the file cannot be read."""
        if self._file is None and not self._open():
            return None
        while (batch := self._batch()) is None:
            if not self._go_on():
                return None
        self.position = batch.position
        return batch

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _batch(self) -> Batch | None:
        """None at the end of the file. A line that has no end yet is left for later."""
        assert self._file is not None
        self._file.seek(self.position.offset)
        data = self._file.read(READ)
        end = data.rfind(b"\n") + 1
        if not end and len(data) == READ:
            data += self._file.read(BYTES - READ)
            end = data.rfind(b"\n") + 1
        if not end and len(data) < BYTES:
            return None
        return self._batch_of(data[: end or len(data)])

    def _batch_of(self, data: bytes) -> Batch:
        records, gaps, unread, last = [], [], 0, self.position.sequence
        for line in data.decode("utf-8", "surrogateescape").split("\n"):
            fields = _read(line)
            if fields is None:
                unread += bool(line.strip())
                continue
            sequence = fields["sequence"]
            if last and sequence > last + 1:
                gaps.append(Gap(fields["time"], sequence - last - 1))
            last = sequence
            records.append(fields)
        offset = self.position.offset + len(data)
        return Batch(tuple(records), Position(self._first(), offset, last), tuple(gaps), unread)

    def _first(self) -> str:
        """What the open file begins with; '' while that is too short to tell it from others."""
        assert self._file is not None
        return _beginning(self._file)

    def _open(self) -> bool:
        """The file that was read the last time, whatever it is called by now; else the oldest there is."""
        kept = dict(self._kept())
        known = next((number for number, first in kept.items() if first and first == self.position.first), None)
        if known is None:
            self.position = Position("", 0, self.position.sequence)
            known = max(kept, default=None)
        return known is not None and self._use(known, kept[known])

    def _kept(self) -> Iterator[tuple[int, str]]:
        """(number, beginning) of the file and of those put aside, the newest first."""
        for number in range(MOST_ROTATED + 1):
            try:
                with open(self._name(number), "rb") as file:
                    yield number, _beginning(file)
            except FileNotFoundError:
                if number:
                    return

    def _use(self, number: int, first: str) -> bool:
        """False where it is called otherwise by now: the edge has just put files aside."""
        try:
            file = open(self._name(number), "rb")
        except FileNotFoundError:
            return False
        if first and _beginning(file) != first:
            file.close()
            return False
        self._file = file
        size = os.fstat(self._file.fileno()).st_size
        if self.position.offset > size:  # it was emptied and goes on from its beginning
            self.position = Position("", 0, self.position.sequence)
        return True

    def _go_on(self) -> bool:
        """At the end of the open file: whether there is more, in it or in the next one."""
        assert self._file is not None
        own = os.fstat(self._file.fileno())
        if own.st_size < self.position.offset:
            self.position = Position("", 0, self.position.sequence)
            return own.st_size > 0
        with suppress(FileNotFoundError):
            now = os.stat(self._name(0))
            if (now.st_dev, now.st_ino) == (own.st_dev, own.st_ino):
                return False
            if own.st_size > self.position.offset and self._has_line():
                return True
            return self._follow()
        return False

    def _has_line(self) -> bool:
        """Whether something came between the last read and the rotation."""
        assert self._file is not None
        self._file.seek(self.position.offset)
        return b"\n" in self._file.read(BYTES)

    def _follow(self) -> bool:
        """The file that came after the open one."""
        assert self._file is not None
        own = _beginning(self._file)
        kept = list(self._kept())
        older = next((number for number, first in kept if first == own), None)
        after = max(((number, first) for number, first in kept if older is None or number < older), default=None)
        if after is None:
            return False
        self.close()
        self.position = Position("", 0, self.position.sequence)
        return self._use(*after)

    def _name(self, number: int) -> str:
        return f"{self._path}.{number}" if number else self._path


def end_of(path: str) -> Position:
    """Behind what a file holds now, for who wants only what comes. Raises OSError."""
    try:
        with open(path, "rb") as file:
            return Position(_beginning(file), os.fstat(file.fileno()).st_size)
    except FileNotFoundError:
        return Position()


def _beginning(file: BinaryIO) -> str:
    """'' where it is too short to say which file it is."""
    file.seek(0)
    head = file.read(FIRST)
    return head.decode("latin-1") if len(head) == FIRST else ""


def _read(line: str) -> Mapping[str, Any] | None:
    """None for what is no record of a decision."""
    try:
        fields, end = _decode(line)
        if end != len(line) or fields["format"] != FORMAT:
            return None
        if type(fields["sequence"]) is not int or type(fields["time"]) is not float:
            return None
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return fields if isinstance(fields, dict) else None
