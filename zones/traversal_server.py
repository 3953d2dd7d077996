"""A traversal server zone: which of its connections have proved who they are, and which one carries the next request.

The client opens the connection and keeps it. Its first OPTIONS is challenged (401). With the right credentials the
connection is authenticated, and stays so, because nobody can slip into an open TLS connection. After an hour the next
keep-alive is challenged again: a password may have been taken away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .digest import DigestOutcome, DigestServer
from .rotation import Rotation
from .zone import Hop, TraversalServerZone

RECHECK = 3600.0
"""Seconds after which a keep-alive without credentials is challenged again."""
GRACE = 120.0
"""Seconds an authenticated connection stays usable after ``RECHECK`` while it has not answered that challenge."""
MAX_REFUSALS = 3
"""Wrong credentials in a row before the answer is 403 and the connection is closed."""


@dataclass(frozen=True, slots=True)
class OptionsAnswer:
    """What an OPTIONS gets."""

    status: int
    """200, 401 or 403."""
    challenges: tuple[str, ...] = ()
    """Values of WWW-Authenticate, one header each."""
    close: bool = False
    """Close the connection behind the answer."""
    reason: str = ""
    """For the log; '' when all is well."""


@dataclass(slots=True)
class Proof:
    """How far a connection has proved who it is."""

    hop: Hop
    proved_at: float | None = None
    up_since: float | None = None
    """When it was authenticated first; later proofs change nothing for people."""
    refusals: int = 0


class TraversalServer:
    """Whoever accepts the connections bounds their number, and reports each one ``opened`` and ``closed``."""

    def __init__(self, zone: TraversalServerZone, secret: bytes, salt: Callable[[], bytes]) -> None:
        """``secret``, ``salt``: see ``DigestServer``. A zone without credential lets nobody in."""
        self.zone = zone
        self._digest = DigestServer(zone.realm, zone.credential, secret, salt) if zone.credential else None
        self._clients: dict[int, Proof] = {}
        self._rotation = Rotation()
        self._look_again = float("inf")
        self.changes = 0
        """Grows whenever ``proofs`` has something new."""

    def opened(self, connection: int) -> None:
        """A connection that ``ZoneTable.ingress`` gave to this zone."""
        self._clients[connection] = Proof(Hop(self.zone.name, self.zone.transport, connection=connection))

    def follow(self, proofs: Iterable[Proof], now: float) -> None:
        """Another process judges these connections of the zone, and this is what it has found."""
        for proof in proofs:
            if proof.hop.connection in self._clients:
                self._clients[proof.hop.connection] = proof
        self._arrange(now)

    def proofs(self) -> tuple[Proof, ...]:
        """Of all connections, for ``follow``."""
        return tuple(self._clients.values())

    def closed(self, connection: int, now: float) -> None:
        if self._clients.pop(connection, None) is not None:
            self._arrange(now)

    def options(self, connection: int, authorization: str, uri: str, now: float) -> OptionsAnswer:
        """An OPTIONS for the edge itself. ``authorization``: value of its Authorization header for our realm, or ''."""
        client, digest = self._clients.get(connection), self._digest
        if client is None or digest is None:
            return OptionsAnswer(
                403, close=True, reason=f'zone "{self.zone.name}" has no credential for this connection'
            )
        if not authorization:
            fresh = client.proved_at is not None and now < client.proved_at + RECHECK
            return OptionsAnswer(200) if fresh else _challenge(digest, now)
        if client.refusals >= MAX_REFUSALS:  # what came with the last guess, before its connection was closed
            return OptionsAnswer(403, close=True)
        check = digest.check(authorization, "OPTIONS", uri, now)
        if check.outcome is DigestOutcome.OK:
            client.proved_at, client.refusals = now, 0
            client.up_since = now if client.up_since is None else client.up_since
            self._arrange(now)
            return OptionsAnswer(200)
        if check.outcome is DigestOutcome.STALE:
            return _challenge(digest, now, stale=True)
        return self._refuse(client, digest, check.reason, now)

    def authenticated(self, connection: int, now: float) -> bool:
        """Whether requests other than its OPTIONS count; else they get 403."""
        client = self._clients.get(connection)
        return client is not None and _holds(client, now)

    def hops(self, now: float) -> tuple[Hop, ...]:
        """The authenticated connections, in turn; () when there is none."""
        if now >= self._look_again:
            self._arrange(now)
        return self._rotation.next()

    def is_up(self, now: float) -> bool:
        """Whether a connection is authenticated; takes nobody's turn."""
        return any(_holds(client, now) for client in self._clients.values())

    def links(self, now: float) -> tuple[tuple[int, float], ...]:
        """(connection, since when) of those that are authenticated, for people to look at."""
        held = [client for client in self._clients.values() if _holds(client, now)]
        return tuple((client.hop.connection, client.up_since or now) for client in held)

    def _refuse(self, client: Proof, digest: DigestServer, reason: str, now: float) -> OptionsAnswer:
        """Wrong credentials end the proof that earlier ones gave: the peer at the other end is not who it was."""
        client.proved_at = client.up_since = None
        client.refusals += 1
        self._arrange(now)
        reason = f'zone "{self.zone.name}": {reason}'
        if client.refusals >= MAX_REFUSALS:
            return OptionsAnswer(403, close=True, reason=reason)
        return _challenge(digest, now, reason=reason)

    def _arrange(self, now: float) -> None:
        self.changes += 1
        proved = [client for client in self._clients.values() if _holds(client, now)]
        self._rotation.set_hops([client.hop for client in proved])
        ends = [client.proved_at + RECHECK + GRACE for client in proved if client.proved_at is not None]
        self._look_again = min(ends, default=float("inf"))


def _challenge(digest: DigestServer, now: float, *, stale: bool = False, reason: str = "") -> OptionsAnswer:
    return OptionsAnswer(401, tuple(digest.challenges(now, stale=stale)), reason=reason)


def _holds(client: Proof, now: float) -> bool:
    return client.proved_at is not None and now < client.proved_at + RECHECK + GRACE
