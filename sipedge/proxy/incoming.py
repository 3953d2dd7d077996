"""What the edge has found out about one received request; made by proxy.py, read by everything after it."""

from __future__ import annotations

from dataclasses import dataclass

from dialplan.search.search import Explanation
from sipedge.decision.classification import Classification
from sipedge.decision.routing import RouteInformation
from sipedge.sip.message import Message
from zones.authentication import Authentication
from zones.zone import AnyZone

from .events import ConnectionOpened
from .history import Entry


@dataclass(slots=True)
class Peer:
    """An open connection as the core sees it."""

    connection: int
    zone: str
    address: str
    port: int
    opened: ConnectionOpened
    """What is known of it: a change of configuration or DNS has its zone decided again."""

    @property
    def accepted(self) -> bool:
        """The peer opened it."""
        return self.opened.zone is None


@dataclass(slots=True)
class Incoming:
    """One request on its way."""

    message: Message
    transaction: int
    peer: Peer
    source: AnyZone
    routes: RouteInformation
    max_forwards: int | None
    loop: str
    authentication: Authentication
    classification: Classification
    explanation: Explanation | None = None
    """The search, None when a signed Route decided."""
    entry: Entry | None = None
    """Its line in the history, which hops and the final status are written to."""
