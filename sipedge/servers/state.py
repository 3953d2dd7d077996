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
class ServerState:
    """One server of a pool behind the edge."""

    name: str
    address: str
    """``address:port``; '' while it has none."""
    status: str
    """``active``, ``failed``, or ``checking`` until that is known."""
    reason: str
    """Why it has failed; ''."""
    sessions: int
    """Requests that it answers at this moment, WebSockets among them."""
    total: int
    """Requests since the engine's worker started."""
    backup: bool = False
    """It serves only while all others of its pool have failed."""


@dataclass(frozen=True, slots=True)
class PoolState:
    """Servers that are equal, and the public names that lead to them."""

    name: str
    names: tuple[str, ...]
    servers: tuple[ServerState, ...]
    problem: str = ""
    """Why there are none; ''."""

    @property
    def active(self) -> bool:
        return any(server.status == "active" for server in self.servers)


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
    pools: tuple[PoolState, ...] = ()
    allocations: int | None = None
    """Relayed addresses that clients of TURN have; None: it is no TURN server."""
