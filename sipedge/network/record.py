"""What ``Connections`` knows of a connection beside the connection itself, and what it counts."""

from __future__ import annotations

from dataclasses import dataclass

from .connection import Connection
from .tls import TlsContexts
from .tls_stream import TlsStream


@dataclass(frozen=True, slots=True)
class Counts:
    """What is alive: for metrics and for tests that look for leaks."""

    open: int
    accepted: int
    """Those that peers opened, with the ones that are in their handshake or being closed."""
    sources: int
    """How many sources these come from."""
    blocked: int
    """Open ones whose peers do not read what is sent."""


@dataclass(slots=True)
class Record:
    """Of a connection that has a socket or waits for one; ``Connections`` alone writes it."""

    connection: Connection
    tls: TlsContexts
    """In force when it was made."""
    stream: TlsStream | None = None
    """Of a connection that the edge opens over TLS."""
    source: str = ""
    """Whose share of the accepted connections it counts in; '' for none."""
    drain_by: float = float("inf")
    """When it is closed after a reload, by the loop's clock."""
    malformed_in_a_row: int = 0
    refusal: str = "handshake"
    """Why it did not come about, should that happen: a word of ``refused``."""
