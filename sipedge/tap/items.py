"""Items that the event loop hands to the outputs: messages that passed, decisions."""

from __future__ import annotations

from collections import deque
from enum import Enum
from typing import NamedTuple

from sipedge.proxy.events import ConnectionOpened
from sipedge.proxy.history import FORMAT, Entry, Piece, joined


class ItemKind(Enum):
    """What an output may take."""

    MESSAGE = "message"
    SEARCHED = "searched"
    """A decision that was made; nothing was sent yet."""
    CONCLUDED = "concluded"
    """A decision whose request has its final status: nothing is written into its entry any more."""
    LINES = "lines"
    """The same as lines, made already."""


class Passed(NamedTuple):
    """A message that came in or went out."""

    size: int
    """Bytes that it keeps in memory."""
    time: float
    """Seconds since the epoch."""
    sent: bool
    zone: str
    opened: ConnectionOpened
    """The connection."""
    head: bytes
    """Of a message that was sent: head and body together."""
    body: bytes


class Decided(NamedTuple):
    """A decision, SEARCHED or CONCLUDED."""

    size: int
    entry: Entry
    sequence: int = 0
    """CONCLUDED: counts them all, those that an output loses too; the first one is 1."""


PAGE = 1 << 16
"""Bytes: some fifty decisions. Small enough to stay in a processor's cache from the loop to the disk."""
SPARE = 16
"""Pages that are kept to be used again: memory that was never touched costs more than the lines in it."""


class Lines:
    """Decisions as lines, to which more come until the thread takes them."""

    __slots__ = ("_spare", "last", "records", "space", "used")

    def __init__(self, space: bytearray, spare: deque[bytearray] | None = None) -> None:
        """``spare``: where the space goes in the end."""
        self.space, self._spare = space, spare
        self.used = self.records = self.last = 0
        """Bytes of it, how many decisions that is, and the number of the last one."""

    @property
    def size(self) -> int:
        return len(self.space)

    @property
    def data(self) -> memoryview:
        return memoryview(self.space)[: self.used]

    def give_back(self) -> None:
        """Nobody reads ``data`` any more."""
        if self._spare is not None:
            self._spare.append(self.space)


Item = Passed | Decided | Lines
Part = bytes | memoryview
"""What an output has made of an item."""


def records_in(item: Item) -> int:
    """Messages or decisions."""
    return item.records if type(item) is Lines else 1


def record_text(entry: Entry, sequence: int) -> str:
    """A decision as JSON, for files and collectors: all that it takes to make it again, and what came of it."""
    return joined(record_pieces(entry, sequence))


def record_pieces(entry: Entry, sequence: int, party: str = "", end: str = "") -> list[Piece]:
    """The same in pieces, and ``end`` behind it. ``party``: see ``Entry.pieces``."""
    return entry.pieces(party, f'{{"format":{FORMAT},"sequence":{sequence},', f"}}{end}")
