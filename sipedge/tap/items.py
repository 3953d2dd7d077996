"""What is handed from the event loop to the outputs: a message that passed, a decision."""

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
    """With the body behind it where the message was sent."""
    body: bytes


class Decided(NamedTuple):
    """A decision, SEARCHED or CONCLUDED."""

    size: int
    entry: Entry
    opened: ConnectionOpened | None
    """The connection of its request; None when that is closed meanwhile."""


Item = Passed | Decided

MOST_RULES = 200
"""Of longer plans a decision is written without what each rule said: that would take longer than the decision did."""
ENTRY_SIZE = 4096
"""What an entry of the history is taken to keep in memory."""


def with_trace(explanation: Explanation | None) -> bool:
    """Whether what each rule said is written too."""
    return explanation is not None and len(explanation.plan.rules) <= MOST_RULES


def decision(entry: Entry) -> dict[str, Any]:
    """A decision as JSON, for files and collectors."""
    return entry.to_json(trace=with_trace(entry.explanation))
