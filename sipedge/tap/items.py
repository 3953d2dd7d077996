"""What is handed from the event loop to the outputs: a message that passed, a decision."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from sipedge.events import ConnectionOpened
from sipedge.history import Entry


class Stage(Enum):
    """When in the life of a request."""

    SEARCHED = "searched"
    """The decision was made; nothing was sent yet."""
    CONCLUDED = "concluded"
    """The request has its final status."""


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
    """With the body behind it where the message was sent."""
    body: bytes

    @property
    def data(self) -> bytes:
        return self.head + self.body


class Decided(NamedTuple):
    """A decision; at CONCLUDED nothing is written into its entry any more."""

    size: int
    stage: Stage
    entry: Entry
    opened: ConnectionOpened | None
    """The connection of its request; None when that is closed meanwhile."""


Item = Passed | Decided

ENTRY_SIZE = 4096
"""What an entry of the history is taken to keep in memory."""


def endpoint(address: str, port: int) -> str:
    """``192.0.2.1:5061`` or ``[2001:db8::1]:5061``."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
