"""Items that the event loop hands to the outputs: messages that passed, decisions."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from sipedge.proxy.events import ConnectionOpened
from sipedge.proxy.history import FORMAT, Entry


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


class Lines(NamedTuple):
    """Decisions as lines."""

    size: int
    data: bytes
    records: int


Item = Passed | Decided | Lines


def records_in(item: Item) -> int:
    """Messages or decisions."""
    return item.records if type(item) is Lines else 1


def record_text(entry: Entry, sequence: int, party: str = "") -> str:
    """A decision as JSON, for files and collectors: all that it takes to make it again, and what came of it.

    ``party``: see ``Entry.text``.
    """
    return f'{{"format":{FORMAT},"sequence":{sequence},{entry.text(party)}}}'
