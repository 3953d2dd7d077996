"""Words of a log above a message that say where it came from and where it went."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from sipedge.traces.records.places import endpoint
from sipedge.traces.records.record import Direction, Endpoint, Transport, transport_named

_MEETING_SERVER = re.compile(
    rb"(?P<way>incoming|outgoing) SIP (?P<transport>[A-Za-z]+) data (?:from|to) (?P<peer>\S{2,64}:\d{1,5}) "
    rb"(?:to|from) (?P<local>\S{2,64}:\d{1,5})"
)
_SOFIA = re.compile(
    rb"(?P<way>recv|send) \d+ bytes (?:from|to) (?P<transport>[a-z]+)/(?P<peer>\[?[0-9A-Fa-f.:]{2,45}\]?:\d{1,5}) at "
)
_RECEIVED = (b"incoming", b"recv")


class Announcement(NamedTuple):
    """``line``: the words themselves; b"" where nothing is said."""

    line: bytes = b""
    direction: Direction = Direction.UNKNOWN
    transport: Transport = ""
    local: Endpoint | None = None
    peer: Endpoint | None = None

    @property
    def ends(self) -> tuple[Endpoint | None, Endpoint | None]:
        """Source and destination."""
        return (self.local, self.peer) if self.direction is Direction.SENT else (self.peer, self.local)


def announced(lines: Sequence[bytes]) -> Announcement:
    """By the last of these lines that says it."""
    for line in reversed(lines):
        match = _MEETING_SERVER.search(line) or _SOFIA.search(line)
        if match is not None:
            return Announcement(
                line,
                Direction.RECEIVED if match["way"] in _RECEIVED else Direction.SENT,
                transport_named(match["transport"].decode()),
                endpoint(match["local"]) if match.re is _MEETING_SERVER else None,
                endpoint(match["peer"]),
            )
    return Announcement()
