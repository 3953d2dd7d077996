"""The last decisions of the edge, newest first, kept in memory (Expressway's search history).

An entry costs a request two appends: it keeps references to what the edge made anyway and is rendered when somebody
asks.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from dialplan.search.search import Explanation
from sipedge.decision.classification import Classification
from zones.zone import Hop


@dataclass(slots=True)
class Entry:
    """One request and what became of it. ``time`` is seconds since the epoch."""

    time: float
    connection: int
    zone: str
    """The source zone."""
    method: str
    request_uri: str
    call_id: str
    cseq: str
    classification: Classification
    explanation: Explanation | None = None
    """None where no search was made: a signed Route decided, or the request was refused before."""
    route: str = ""
    """The zone that a signed Route named; '' where rules decided."""
    hops: list[Hop] = field(default_factory=list)
    """Where it was sent, in that order."""
    status: int = 0
    """The final status; 0 while there is none."""

    def to_json(self, *, trace: bool = True) -> dict[str, Any]:
        """``trace``: see Explanation.to_json."""
        return {
            "time": self.time,
            "connection": self.connection,
            "zone": self.zone,
            "method": self.method,
            "request_uri": self.request_uri,
            "call_id": self.call_id,
            "cseq": self.cseq,
            "traffic": self.classification.traffic.value,
            "evidence": self.classification.evidence,
            "search": self.explanation.to_json(trace=trace) if self.explanation else None,
            "route": self.route,
            "hops": [hop_to_json(hop) for hop in self.hops],
            "status": self.status,
        }


def hop_to_json(hop: Hop) -> dict[str, Any]:
    return {
        "zone": hop.zone,
        "transport": hop.transport,
        "address": hop.address,
        "port": hop.port,
        "name": hop.name,
        "connection": hop.connection,
    }


class History:
    """At most ``size`` entries; the oldest goes first."""

    def __init__(self, size: int) -> None:
        self._entries: deque[Entry] = deque(maxlen=size)

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        """Newest first."""
        return reversed(self._entries)

    def add(self, entry: Entry) -> None:
        self._entries.append(entry)

    def resized(self, size: int) -> History:
        """The newest entries under another bound, for a reload."""
        history = History(size)
        history._entries.extend(self._entries)
        return history
