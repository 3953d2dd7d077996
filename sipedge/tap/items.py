"""Items that the event loop hands to the outputs: messages that passed, decisions."""

from __future__ import annotations

from enum import Enum
from typing import Any, NamedTuple

from dialplan.search.search import Explanation
from sipedge.proxy.events import ConnectionOpened
from sipedge.proxy.history import Entry


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
    opened: ConnectionOpened | None
    """The connection of its request; None when that is closed meanwhile."""


Item = Passed | Decided

MOST_RULES = 200
"""Decisions of longer plans are written without the trace of rules, which would take longer than the decision did."""
ENTRY_SIZE = 4096
"""Bytes that an entry of the history keeps in memory: an estimate."""


def with_trace(explanation: Explanation | None) -> bool:
    """Whether the trace of rules is written too."""
    return explanation is not None and len(explanation.plan.rules) <= MOST_RULES


def decision(entry: Entry) -> dict[str, Any]:
    """A decision as JSON, for files and collectors."""
    return entry.to_json(trace=with_trace(entry.explanation))
