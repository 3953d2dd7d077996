"""The book-keeping of ``Connections``: a record of each connection, and counts of all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

from .connection import Connection
from .tls import TlsContexts
from .tls_stream import TlsStream

OFFENCES = frozenset({"handshake", "certificate"})
"""A record's refusals that are the peer's doing."""


@dataclass(frozen=True, slots=True)
class Counts:
    """For metrics, and for tests that look for leaks."""

    open: int
    accepted: int
    """Opened by peers; those in their handshake or being closed count, too."""
    sources: int
    """Different sources of the accepted ones (zones.addresses.source_of)."""
    blocked: int
    """Open, with a peer that does not read what is sent."""


@dataclass(slots=True)
class Record:
    """Kept of a connection that has a socket or waits for one. Only ``Connections`` writes it."""

    connection: Connection
    tls: TlsContexts
    """In force when the connection was made."""
    stream: TlsStream | None = None
    """Made before connecting: the policy of the zone is known then. None for an accepted connection and over TCP."""
    given: str = ""
    """Of one that another process has accepted and counted: whose share it counts in there; '' for others."""
    too_many: str = ""
    """Why that process wants it refused."""
    source: str = ""
    """Whose share of the accepted connections it counts in; '' for none."""
    retire_by: float | None = None
    """Nothing new is opened on it and it ends with its last transaction, about then at the latest, by the loop's clock.

    None while it serves.
    """
    was_quiet: bool = False
    """No transaction was open on it at the last sweep."""
    malformed_in_a_row: int = 0
    refusal: str = "handshake"
    """The reason under which ``Connections.refused`` counts it if it does not come about: "handshake", "certificate",
    "connect", "limit" or "ban"."""


@dataclass(frozen=True, slots=True)
class Among:
    """What connections have to know and to tell where they are one worker's among several.

    As it is made, it is that of an edge with one worker.
    """

    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    """Of connections; no other worker has the same."""
    unusable: Callable[[int], object] = lambda connection: None
    """A connection serves no hop any more."""
    gone: Callable[[str], None] = lambda source: None
    """One of this source that was ``handed`` over has no socket any more."""
    offence: Callable[[str, str], object] = lambda address, reason: None
    """An offence that others should count, too."""
    opened: Callable[[int], int] = lambda own: own
    """How many connections the edge has opened, where this worker has opened so many."""
