"""A traversal client zone: one connection to each configured peer, opened, authenticated, kept alive, opened again.

    WAITING --pause over--> CONNECTING --opened--> OPENED --200 to OPTIONS--> ACTIVE
       ^------------------------ failed, closed, refused, silent ---------------'

OPTIONS goes out when the connection opens and every keep-alive interval. A 401 is answered with credentials once. After
two keep-alives in a row without an answer the peer counts as gone, whatever TCP believes. Only ACTIVE connections carry
requests, in turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from .addresses import ANYWHERE, host_port
from .digest import authorization, parse
from .dns import DnsError, DnsRecord, Question, Resolution
from .peer_name import PeerName
from .rotation import Rotation
from .zone import Hop, TraversalClientZone

MAX_PEERS = 6
FIRST_PAUSE = 1.0
FIRST_AGAIN = 0.1
"""Seconds within which a connection that carried requests is opened again; pauses begin when an attempt fails."""
CONNECT_LIMIT = 60.0
"""Seconds after which a connection that neither opened nor failed is given up."""
MAX_SILENT = 2
"""Keep-alives in a row without an answer."""
MAX_PROOFS = 2
"""Credentials sent for one OPTIONS: a second time only when the nonce was stale."""


@dataclass(frozen=True, slots=True)
class Connect:
    hop: Hop


@dataclass(frozen=True, slots=True)
class SendOptions:
    connection: int
    uri: str
    """Request-URI; the credentials are made for it."""
    authorization: str | None = None
    """Value of the Authorization header, None for none."""


@dataclass(frozen=True, slots=True)
class Close:
    connection: int
    reason: str


Action = Connect | SendOptions | Close


class LinkState(Enum):
    WAITING = "waiting"
    CONNECTING = "connecting"
    OPENED = "opened"
    ACTIVE = "active"


@dataclass(slots=True)
class ClientLink:
    """One configured peer and the connection to it."""

    peer: str
    name: PeerName
    state: LinkState = LinkState.WAITING
    due_at: float = float("-inf")
    """When something is to be done about it."""
    hop: Hop | None = None
    """Where it is connected or connecting to."""
    connection: int = 0
    attempts: int = 0
    failures: int = 0
    """In a row; they make the pause longer."""
    waiting: bool = False
    """An OPTIONS is out."""
    silent: int = 0
    proofs: int = 0
    problem: str = ""
    """Why it is not active, for people."""
    since: float | None = None
    """When it came to be active, or stopped to be; None where it never was."""


@dataclass(frozen=True, slots=True)
class ClientLinkSeen:
    """What another process has to know of a ClientLink."""

    peer: str
    state: LinkState
    hop: Hop | None
    connection: int
    since: float | None


class TraversalClient:
    """``now``: seconds of any clock that never goes back. The actions returned are to be done in order."""

    def __init__(self, zone: TraversalClientZone, random: Callable[[], float], cnonce: Callable[[], str]) -> None:
        """``random`` gives 0.0 <= x < 1.0 (jitter, DNS); ``cnonce`` an unguessable text for each proof."""
        self.zone = zone
        self._random = random
        self._cnonce = cnonce
        self._links = [ClientLink(peer, PeerName(self._starter(peer))) for peer in zone.peers[:MAX_PEERS]]
        self._rotation = Rotation()
        self.changes = 0
        """Grows whenever ``seen`` has something new that matters for requests."""

    def _starter(self, peer: str) -> Callable[[], Resolution]:
        zone = self.zone
        return lambda: Resolution(zone, peer, zone.port, zone.transport, random=self._random, allowed=ANYWHERE)

    def hops(self, now: float) -> tuple[Hop, ...]:
        """The active connections, in turn; () when there is none."""
        return self._rotation.next()

    def authenticated(self, connection: int) -> bool:
        """Whether requests that come in on this connection count: the server took our credentials."""
        link = self._link(connection)
        return link is not None and link.state is LinkState.ACTIVE

    def options_targets(self) -> tuple[tuple[Hop, str], ...]:
        """(hop, Request-URI) of an OPTIONS on each active connection."""
        zone, active = self.zone, [link for link in self._links if link.state is LinkState.ACTIVE]
        return tuple((Hop(zone.name, zone.transport, connection=link.connection), self._uri(link)) for link in active)

    def is_up(self, now: float) -> bool:
        """Whether a connection is active; takes nobody's turn."""
        return any(link.state is LinkState.ACTIVE for link in self._links)

    def links(self) -> tuple[ClientLink, ...]:
        """For people to look at; not to be changed."""
        return tuple(self._links)

    def seen(self) -> tuple[ClientLinkSeen, ...]:
        """For ``follow``."""
        return tuple(
            ClientLinkSeen(each.peer, each.state, each.hop, each.connection, each.since) for each in self._links
        )

    def follow(self, seen: Iterable[ClientLinkSeen]) -> None:
        """Another process looks after these connections, and this is how they are. ``tick`` is not for this one."""
        known = {each.peer: each for each in seen}
        for link in self._links:
            if link.peer in known:
                now = known[link.peer]
                link.state, link.hop, link.connection, link.since = now.state, now.hop, now.connection, now.since
        self._arrange()

    def questions(self, now: float) -> tuple[Question, ...]:
        """What to ask the DNS now; each question is handed out once. Call it before ``tick``."""
        return tuple(dict.fromkeys(question for link in self._links for question in link.name.questions(now)))

    def answer(
        self, question: Question, records: Iterable[DnsRecord], now: float, *, ttl: float = 0.0, error: DnsError = ""
    ) -> None:
        came = tuple(records)
        for link in self._links:
            changed = link.name.answer(question, came, now, ttl=ttl, error=error)
            if changed and link.state is LinkState.WAITING and not link.failures:
                link.due_at = now

    def next_due(self) -> float:
        """When ``questions`` or ``tick`` has something next; infinity when never."""
        times = [min(link.due_at, link.name.refresh_at) for link in self._links]
        return min(times, default=float("inf"))

    def tick(self, now: float) -> list[Action]:
        """Do what is due."""
        return [action for link in self._links if now >= link.due_at for action in self._due(link, now)]

    def opened(self, connection: int, address: str, port: int, now: float) -> list[Action]:
        """A connection to this zone is ready and its certificate fits."""
        for link in self._links:
            hop = link.hop
            if link.state is LinkState.CONNECTING and hop and (hop.address, hop.port) == (address, port):
                link.state, link.connection, link.silent = LinkState.OPENED, connection, 0
                return self._options(link, now)
        return [Close(connection, "nobody waits for this connection")]

    def failed(self, address: str, port: int, reason: str, now: float) -> None:
        """A connection that ``Connect`` asked for did not come about."""
        for link in self._links:
            hop = link.hop
            if link.state is LinkState.CONNECTING and hop and (hop.address, hop.port) == (address, port):
                self._pause(link, reason, now)
                return

    def closed(self, connection: int, reason: str, now: float) -> None:
        link = self._link(connection)
        if link is not None:
            was_active = link.state is LinkState.ACTIVE
            self._pause(link, reason or "closed by the peer", now)
            if was_active:
                link.due_at = now + FIRST_AGAIN * self._random()

    def answered(self, connection: int, status: int, challenges: Sequence[str], now: float) -> list[Action]:
        """The final response to an OPTIONS. ``challenges``: its WWW-/Proxy-Authenticate values; 408: none came."""
        link = self._link(connection)
        if link is None:
            return []
        if status == 408:
            return self._unanswered(link, now)
        link.waiting, link.silent = False, 0
        if status in (401, 407):
            return self._prove(link, challenges, now)
        link.proofs = 0
        if 200 <= status < 300 or (link.state is LinkState.ACTIVE and status != 403):
            self._activate(link, now)
            return []
        return self._close(link, f"OPTIONS was answered {status}", now)

    def _link(self, connection: int) -> ClientLink | None:
        return next((link for link in self._links if connection and link.connection == connection), None)

    def _due(self, link: ClientLink, now: float) -> list[Action]:
        if link.state is LinkState.WAITING:
            return self._connect(link, now)
        if link.state is LinkState.CONNECTING:
            self._pause(link, "no connection in time", now)
            return []
        return self._unanswered(link, now) if link.waiting else self._options(link, now)

    def _connect(self, link: ClientLink, now: float) -> list[Action]:
        hops = link.name.hops
        if not hops:
            link.problem = link.name.problem
            link.due_at = max(link.name.refresh_at, now + FIRST_PAUSE)
            return []
        link.hop = hops[link.attempts % len(hops)]
        link.attempts += 1
        link.state, link.due_at = LinkState.CONNECTING, now + CONNECT_LIMIT
        return [Connect(link.hop)]

    def _options(self, link: ClientLink, now: float, proof: str | None = None) -> list[Action]:
        link.waiting = True
        link.due_at = now + self.zone.keepalive_interval
        return [SendOptions(link.connection, self._uri(link), proof)]

    def _uri(self, link: ClientLink) -> str:
        host = (link.hop.name or link.hop.address) if link.hop else ""
        return f"sip:{host_port(host, self.zone.port)};transport={self.zone.transport.lower()}"

    def _unanswered(self, link: ClientLink, now: float) -> list[Action]:
        if not link.waiting:
            return []
        link.waiting, link.proofs = False, 0
        link.silent += 1
        if link.silent >= MAX_SILENT:
            return self._close(link, "keep-alives are not answered", now)
        return self._options(link, now)

    def _prove(self, link: ClientLink, challenges: Sequence[str], now: float) -> list[Action]:
        if link.proofs and (link.proofs >= MAX_PROOFS or not _stale(challenges)):
            return self._close(link, "the credentials were refused", now)
        proof = self._proof(link, challenges)
        if proof is None:
            return self._close(link, "no credential or no challenge that can be answered", now)
        link.proofs += 1
        return self._options(link, now, proof)

    def _proof(self, link: ClientLink, challenges: Sequence[str]) -> str | None:
        if self.zone.credential is None:
            return None
        return authorization(challenges, self.zone.credential, "OPTIONS", self._uri(link), self._cnonce())

    def _activate(self, link: ClientLink, now: float) -> None:
        link.failures, link.problem = 0, ""
        link.due_at = now + self.zone.keepalive_interval
        if link.state is not LinkState.ACTIVE:
            link.state, link.since = LinkState.ACTIVE, now
            self._arrange()

    def _close(self, link: ClientLink, reason: str, now: float) -> list[Action]:
        connection = link.connection
        self._pause(link, reason, now)
        return [Close(connection, f'zone "{self.zone.name}", peer {link.peer}: {reason}')]

    def _pause(self, link: ClientLink, reason: str, now: float) -> None:
        """Half of the back-off is random, so that the clients of a restarted server don't come all at once."""
        longest = min(self.zone.retry_interval, FIRST_PAUSE * 2 ** min(link.failures, 16))
        link.failures += 1
        if link.state is LinkState.ACTIVE:
            link.since = now
        link.state, link.connection, link.hop = LinkState.WAITING, 0, None
        link.waiting, link.silent, link.proofs = False, 0, 0
        link.problem = reason
        link.due_at = now + longest * (0.5 + self._random() / 2)
        self._arrange()

    def _arrange(self) -> None:
        self.changes += 1
        active = [link for link in self._links if link.state is LinkState.ACTIVE and link.hop is not None]
        self._rotation.set_hops([replace(link.hop, connection=link.connection) for link in active if link.hop])


def _stale(challenges: Sequence[str]) -> bool:
    """Whether the server says that only the nonce was too old (RFC 7616 3.3)."""
    for challenge in challenges:
        try:
            if parse(challenge).get("stale", "").lower() == "true":
                return True
        except ValueError:
            continue
    return False
