"""When a worker has so much for a peer that a connection of its own costs less than another worker's.

What goes over a connection of another worker passes the bus twice, there and back, and two workers are woken for it.
So one connection serves a quiet peer, and each worker has its own to a busy one.
"""

from __future__ import annotations

from zones.zone import Hop

WINDOW = 1.0
"""Seconds over which messages are counted."""
PAUSE = 60.0
"""Seconds from one attempt until the next: a peer may want one connection only, and close or refuse a second."""


class Crossing:
    """Counts what goes to hops over connections of other workers."""

    def __init__(self) -> None:
        self._since = 0.0
        self._counts: dict[Hop, int] = {}
        """Of this window."""
        self._tried: dict[Hop, float] = {}
        """Hop -> when this worker opened one of its own last, while another worker had one."""

    def is_worth_one(self, hop: Hop, messages: int, most: int, now: float) -> bool:
        """Count ``messages``; whether a connection is to be opened now. ``most``: in a window; 0: as many as come."""
        if now - self._since >= WINDOW:
            self._since = now
            self._counts.clear()
        count = self._counts[hop] = self._counts.get(hop, 0) + messages
        if not most or count <= most or now - self._tried.get(hop, -PAUSE) < PAUSE:
            return False
        self._tried = {tried: when for tried, when in self._tried.items() if now - when < PAUSE}
        self._tried[hop] = now
        return True

    def forget(self, hop: Hop) -> None:
        """No worker has a connection for it any more, so the peer was not content with one and against a second."""
        self._tried.pop(hop, None)
