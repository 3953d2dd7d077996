"""What is known of an engine at this moment, as plain values that anybody may show."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stream:
    """One XMPP stream between an engine and another server."""

    domain: str
    """Whose server is at the other end; '' while it has not said so."""
    own: str
    """Our domain or chat node alias."""
    direction: str
    """``incoming`` or ``outgoing``."""
    address: str
    secure: bool


@dataclass(frozen=True, slots=True)
class ServiceState:
    """One service of the edge that runs on engines."""

    name: str
    active: bool
    reason: str
    """Why it is not active; '' when it is."""
    pending: bool = False
    """Something that is wanted is not in force yet."""
    restart: str = ""
    """When changes that wait for a restart get it: ``at 03:00 UTC``, ``by hand``; '' where none waits."""
    restarts: int = 0
    """Starts that nobody asked for: an engine had died or hung."""
    processes: tuple[int, ...] = ()
    """Their ids; 0 for one that does not run."""
    version: str = ""
    """Of the engine, as it says itself."""
    streams: tuple[Stream, ...] = ()
    """With partners, not with the servers behind."""
