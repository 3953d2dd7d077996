"""Items that the event loop hands to the outputs: messages that passed, decisions."""

from __future__ import annotations

from enum import Enum
from typing import Any, NamedTuple

from sipedge.proxy.events import ConnectionOpened
from sipedge.proxy.history import FORMAT, Entry


class ItemKind(Enum):
    """What an output may take."""

    MESSAGE = "message"
    SEARCHED = "searched"
    """A decision that was made; nothing was sent yet."""
    CONCLUDED = "concluded"
    """A decision whose request has its final status: nothing is written into its entry any more."""


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


Item = Passed | Decided


def record_of(item: Decided) -> dict[str, Any]:
    """A decision as JSON, for files and collectors: all that it takes to make it again, and what came of it."""
    return {"format": FORMAT, "sequence": item.sequence, **item.entry.to_json()}
