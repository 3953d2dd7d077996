"""What the edge does of its own in calls of a b2bua zone, towards the zone's peers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

SHORTEST_SESSION = 90
"""Seconds (RFC 4028 4)."""


class Prack(Enum):
    """Whose business reliable provisional responses are towards the zone's peers (RFC 3262)."""

    END_TO_END = "end to end"
    HERE = "here"
    """The edge's: it acknowledges those of callees, and callers that support it get the edge's own."""


class Refer(Enum):
    """Who carries out a transfer that a peer of the zone asks for within a call (RFC 3515)."""

    PASS = "pass"
    """The other party."""
    HERE = "here"
    """The edge; the other party sees a re-INVITE."""


@dataclass(frozen=True, slots=True)
class CallPolicy:
    """Defaults are those of ``[zone.b2bua]``."""

    session_timer: int = 1800
    """Seconds of a session that the edge refreshes (RFC 4028), at least 90; 0: timers pass, the edge has none."""
    prack: Prack = Prack.END_TO_END
    refer: Refer = Refer.PASS
    follow_redirects: bool = False
    """A 3xx of the zone's peers is followed, as far as search rules lead, and not passed on."""
    username: str = ""
    """Of the local database: with its password the edge answers 401 and 407 of the zone's peers (RFC 3261 22)."""


PASSIVE = CallPolicy(session_timer=0)
"""Towards peers of a zone that is not b2bua, in a call with one that is."""
