"""What the edge does of its own accord: OPTIONS to neighbours, traversal connections, names of peers kept resolved.

zones/ decides what is due and what an answer means; this file turns that into commands and finds the answers again.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass

from sipedge.decision.installation import Installation
from sipedge.decision.validation import Accepted, Refusal, validate
from sipedge.rates.rates import Rates
from sipedge.rates.shelf import Counts
from sipedge.sip.message import Message
from sipedge.sip.responses import ALLOW
from sipedge.sip.uri import Uri
from zones.addresses import host_port
from zones.digest import DigestOutcome, DigestServer, for_realm, parse
from zones.dns import Question
from zones.neighbor import NeighborPeers
from zones.peer import Health, Outages
from zones.traversal_client import Action, Connect, SendOptions, TraversalClient
from zones.traversal_server import TraversalServer
from zones.zone import AnyZone, Hop, NeighborZone, TraversalClientZone, TraversalServerZone

from . import commands
from .answers import respond, retry_in
from .commands import EDGE, Command, Forward, Log, Probed
from .events import ConnectionFailed, ForwardFailed, RequestReceived, Resolved, ResponseReceived
from .incoming import Environment, Peer
from .locating import Questions, preferred
from .looked_after.seen import UpkeepSeen, changes, follow, seen
from .looked_after.standing import standing

SHORTEST_PAUSE = 0.5
"""Seconds between two looks at what is due, whatever the zones say."""
PAUSE_AFTER_FAULT = 5.0
"""Seconds until the next look after one that ended in an exception: a lasting fault must not fill the log."""

SOON_AFTER = "a wrong password was sent a moment ago"
LONGEST_USERNAME = 128
"""Characters, as in the configuration."""


@dataclass(slots=True)
class _Probe:
    """An OPTIONS of our own that is out."""

    hop: Hop
    number: int = 0
    """Of the ProbeAsked; 0: nobody asked."""


class Upkeep:
    """All neighbour and traversal zones at work."""

    def __init__(self, environment: Environment, questions: Questions, rates: Rates) -> None:
        self._environment = environment
        self._questions = questions
        self._rates = rates
        self._digest_key = environment.digest_key or environment.random_bytes(32)
        """Signs digest nonces. Not the stored secret: how often a nonce was used is forgotten at a restart."""
        self._counts = Counts(environment.shelf, "nonces") if environment.shelf is not None else None
        self._neighbors: dict[str, NeighborPeers] = {}
        self._clients: dict[str, TraversalClient] = {}
        self._servers: dict[str, TraversalServer] = {}
        self._probes: dict[str, _Probe] = {}
        self._digests: dict[str, DigestServer] = {}
        self._look_at = float("-inf")
        self._outages = Outages()
        self._were_up: set[str] = set()
        """Traversal server zones: one to which nobody has come yet is not down."""
        self.failures = 0
        """How often a neighbour's peer has failed."""
        self.ending = False
        """Whether it is in the order of things that connections end."""

    def configure(self, installation: Installation) -> None:
        """Take over a configuration; zones whose record is the same keep what is known of them."""
        self._installation = installation
        old_neighbors, old_clients, old_servers = self._neighbors, self._clients, self._servers
        self._neighbors, self._clients, self._servers = {}, {}, {}
        for zone in installation.zones:
            if isinstance(zone, NeighborZone):
                old = old_neighbors.get(zone.name)
                same = old is not None and old.zone == zone
                peers = self._neighbors[zone.name] = (
                    old if old and same else NeighborPeers(zone, self._environment.random)
                )
                installation.zones.set_addresses(zone.name, peers.addresses)
            elif isinstance(zone, TraversalClientZone):
                client = old_clients.get(zone.name)
                same = client is not None and client.zone == zone
                self._clients[zone.name] = (
                    client if client and same else TraversalClient(zone, self._environment.random, self._cnonce)
                )
            elif isinstance(zone, TraversalServerZone):
                server = old_servers.get(zone.name)
                same = server is not None and server.zone == zone
                self._servers[zone.name] = (
                    server if server and same else TraversalServer(zone, self._digest_key, self._salt)
                )
        realm = installation.settings.system_name
        self._digests = {
            credential.username: DigestServer(realm, credential, self._digest_key, self._salt, self._counts)
            for credential in installation.settings.credentials
        }
        self._listener_zones = {listener.name: listener.zone for listener in installation.settings.listeners}
        self._look_at = float("-inf")

    def seen(self) -> UpkeepSeen:
        """What other workers have to know; new whenever ``changes`` is."""
        return seen(self._neighbors, self._clients, self._servers)

    @property
    def changes(self) -> tuple[int, ...]:
        return changes(self._neighbors, self._clients, self._servers)

    def follow(self, known: UpkeepSeen, now: float) -> bool:
        """Another worker looks after all zones; whether addresses of neighbours have changed."""
        return follow(known, self._neighbors, self._clients, self._servers, self._installation.zones, now)

    def _salt(self) -> bytes:
        return self._environment.random_bytes(8)

    def _cnonce(self) -> str:
        return self._environment.random_bytes(12).hex()

    def listener_zone(self, listener: str | None) -> str:
        """The traversal server zone whose port a listener is; ''."""
        return self._listener_zones.get(listener or "", "")

    def peers_alive(self) -> dict[tuple[str, Hop], bool]:
        """(zone, peer) -> alive, for all neighbours whose names are resolved."""
        return {
            (name, hop): state.health is Health.ALIVE
            for name, peers in self._neighbors.items()
            for hop, state in peers.states()
        }

    def traversal_up(self, now: float) -> dict[str, bool]:
        """Traversal zone -> whether a connection of it is authenticated."""
        zones: dict[str, TraversalClient | TraversalServer] = {**self._clients, **self._servers}
        return {name: zone.is_up(now) for name, zone in zones.items()}

    def zone(self, name: str) -> NeighborPeers | TraversalClient | TraversalServer | None:
        """What is known of a zone that the edge looks after, for people to look at."""
        return self._neighbors.get(name) or self._clients.get(name) or self._servers.get(name)

    def probed_hops(self, name: str) -> tuple[tuple[Hop, str], ...]:
        """(hop, Request-URI) of each OPTIONS that ``probe`` sends."""
        if name in self._neighbors:
            return tuple((hop, _options_uri(hop)) for hop, _ in self._neighbors[name].states())
        client = self._clients.get(name)
        return client.options_targets() if client is not None else ()

    def probe(self, name: str, number: int, out: list[Command]) -> None:
        """Send an OPTIONS to each peer now; what comes of it counts like that of any other OPTIONS."""
        for hop, uri in self.probed_hops(name):
            self._probe(hop, uri, None, out, number)

    def hops(self, zone: AnyZone, uri: Uri, now: float) -> tuple[Hop, ...]:
        """Where a request to a neighbour or traversal zone may go, in order; ``uri``: its next hop by RFC 3261 16.6."""
        if isinstance(zone, NeighborZone):
            return preferred(self._neighbors[zone.name].hops(now), uri)
        return self.links(zone.name, now)

    def links(self, zone: str, now: float) -> tuple[Hop, ...]:
        """The authenticated connections of a traversal zone, in turn."""
        return self._clients[zone].hops(now) if zone in self._clients else self._servers[zone].hops(now)

    def is_admitted(self, peer: Peer, now: float) -> bool:
        """Whether a peer counts: one of a traversal zone once it has authenticated itself, any other at once."""
        if peer.zone in self._clients:
            return self._clients[peer.zone].authenticated(peer.connection)
        return peer.zone not in self._servers or self._servers[peer.zone].authenticated(peer.connection, now)

    def failed(self, hop: Hop, now: float, why: str) -> None:
        peers = self._neighbors.get(hop.zone)
        if peers is not None:
            peers.failed(hop, now, why)
            self.failures += 1
            self._look_at = now
            if self._environment.follows:
                self._environment.judged(hop, why)

    def succeeded(self, hop: Hop, now: float) -> None:
        """A hop answered a request; a peer that is not asked by OPTIONS shows so that it is alive again."""
        peers = self._neighbors.get(hop.zone)
        if peers is not None and not peers.zone.monitor and peers.alive(hop, now):
            self._look_at = now
            if self._environment.follows:
                self._environment.judged(hop, "")

    def awaits(self, zone: str) -> bool:
        """Whether the answer to a request would say something new of a neighbour's peers."""
        peers = self._neighbors.get(zone)
        return peers is not None and not peers.zone.monitor and not peers.all_well

    def takes(self, peer: Peer, event: RequestReceived, now: float, out: list[Command]) -> bool:
        """Whether a request on a traversal connection is a keep-alive, which is answered here."""
        server = self._servers.get(peer.zone)
        taken = server is not None and _is_keepalive(event.message)
        if server is not None and taken:
            self._keepalive(server, peer, event, now, out)
        return taken

    def _keepalive(
        self, server: TraversalServer, peer: Peer, event: RequestReceived, now: float, out: list[Command]
    ) -> None:
        message = event.message
        given = for_realm(message.values("authorization"), server.zone.realm)
        who = peer.zone, peer.share, peer.opened.names
        if given and (left := self._rates.passwords.left(who, now)):
            self._rates.refused[peer.zone, "password"] += 1
            self._respond(event, peer, 503, SOON_AFTER, (retry_in(left),), out)
            return
        was_up = server.authenticated(peer.connection, now)
        answer = server.options(peer.connection, given, message.uri, now)
        if not was_up and server.authenticated(peer.connection, now):
            self._were_up.add(peer.zone)
            self._look_at = now
            text = f'zone "{peer.zone}": the traversal connection with {peer.address} is up'
            out.append(Log("info", text, source=peer.address))
        headers = [("WWW-Authenticate", challenge) for challenge in answer.challenges]
        if answer.status == 200:
            headers.append(("Allow", ALLOW))
        self._respond(event, peer, answer.status, "", tuple(headers), out)
        if given and answer.status == 200:
            self._rates.passwords.succeeded(who)
        if given and answer.reason:
            self._wrong_password(who, peer, answer.reason, now, out)
        elif answer.reason:
            text = f"connection {peer.connection} from {peer.address}: {answer.reason}"
            out.append(Log("warning", text, source=peer.address))
        if answer.close:
            out.append(commands.Close(peer.connection, answer.reason))

    def offence(self, peer: Peer, reason: str, out: list[Command]) -> None:
        """Count an offence of a peer, which loses its connection when it is banned for it."""
        if self._environment.offence(peer.address, reason):
            out.append(commands.Close(peer.connection, "the peer is banned"))

    def _wrong_password(self, who: Hashable, peer: Peer, reason: str, now: float, out: list[Command]) -> None:
        pause = self._rates.passwords.failed(who, now)
        text = f"{reason}; the next credentials are looked at in {pause:g} s"
        text = f"connection {peer.connection} from {peer.address}: {text}"
        out.append(Log("warning", text, source=peer.address))
        self.offence(peer, "password", out)

    def _respond(
        self,
        event: RequestReceived,
        peer: Peer,
        status: int,
        text: str,
        headers: tuple[tuple[str, str], ...],
        out: list[Command],
    ) -> None:
        if event.transaction:
            out.append(respond(self._installation, event.transaction, peer, event.message, status, text, headers))

    def challenge(self, message: Message, peer: Peer, now: float, out: list[Command]) -> Refusal | None:
        """*Check credentials*: None for a request with right credentials of the local database, else what it gets."""
        realm = self._installation.settings.system_name
        if not self._digests:
            return Refusal(403, "credentials are asked for, but the local database is empty")
        given = for_realm(message.values("proxy-authorization"), realm)
        known = next(iter(self._digests.values()))
        stale = False
        if given:
            username = parse(given).get("username", "")
            who = peer.share, username[:LONGEST_USERNAME]
            if left := self._rates.passwords.left(who, now):
                return Refusal(503, SOON_AFTER, (retry_in(left),))
            check = self._digests.get(username, known).check(given, message.method, message.uri, now)
            if check.outcome is DigestOutcome.OK:
                self._rates.passwords.succeeded(who)
                return None
            if check.outcome is DigestOutcome.BAD:
                self._wrong_password(who, peer, check.reason, now, out)
            stale = check.outcome is DigestOutcome.STALE
        challenges = tuple(("Proxy-Authenticate", value) for value in known.challenges(now, stale=stale))
        return Refusal(407, "this zone checks credentials", challenges)

    def opened(self, peer: Peer, now: float, out: list[Command]) -> None:
        if peer.zone in self._servers and peer.accepted:
            self._servers[peer.zone].opened(peer.connection)
        elif peer.zone in self._clients and not self._environment.follows:
            client = self._clients[peer.zone]
            self._carry_out(client, client.opened(peer.connection, peer.address, peer.port, now), now, out)
        self._look_at = now

    def closed(self, peer: Peer, now: float, out: list[Command]) -> None:
        if peer.zone in self._servers:
            self._servers[peer.zone].closed(peer.connection, now)
        elif peer.zone in self._clients:
            self._clients[peer.zone].closed(peer.connection, "", now)
        self._look_at = now

    def connection_failed(self, event: ConnectionFailed, now: float, out: list[Command]) -> None:
        client = self._clients.get(event.zone)
        if client is not None:
            client.failed(event.address, event.port, event.reason, now)
            self._look_at = now

    def next_deadline(self) -> float | None:
        return self._look_at if self._look_at < float("inf") and not self._environment.follows else None

    def tick(self, now: float, out: list[Command]) -> None:
        if now < self._look_at or self._environment.follows:
            return
        self._look_at = now + PAUSE_AFTER_FAULT  # stands if something below raises
        for peers in self._neighbors.values():
            for question in peers.questions(now):
                self._questions.ask(question, peers, EDGE, out)
            for hop in peers.due(now):
                self._probe(hop, _options_uri(hop), None, out)
        for client in self._clients.values():
            for question in client.questions(now):
                self._questions.ask(question, client, EDGE, out)
            self._carry_out(client, client.tick(now), now, out)
        self._tell_changes(now, out)
        due = [peers.next_due() for peers in self._neighbors.values()]
        due += [client.next_due() for client in self._clients.values()]
        self._look_at = max(now + SHORTEST_PAUSE, min(due, default=float("inf")))

    def answer(
        self,
        asker: NeighborPeers | TraversalClient,
        question: Question,
        event: Resolved,
        now: float,
        out: list[Command],
    ) -> bool:
        """Take in the answer to a question; True when the addresses of a neighbor in use have changed by it."""
        self._look_at = now
        if isinstance(asker, TraversalClient):
            asker.answer(question, event.records, now, ttl=event.ttl, error=event.error)
            return False
        name = asker.zone.name
        changed = asker.answer(question, event.records, now, ttl=event.ttl, error=event.error)
        if not changed or self._neighbors.get(name) is not asker:  # a reload has put another in its place
            return False
        self._installation.zones.set_addresses(name, asker.addresses)
        return True

    def _carry_out(self, client: TraversalClient, actions: Iterable[Action], now: float, out: list[Command]) -> None:
        for action in actions:
            if isinstance(action, Connect):
                out.append(commands.Connect(action.hop))
            elif isinstance(action, SendOptions):
                hop = Hop(client.zone.name, client.zone.transport, connection=action.connection)
                self._probe(hop, action.uri, action.authorization, out)
            else:
                out.append(Log("warning", action.reason))
                out.append(commands.Close(action.connection, action.reason))
        self._look_at = now

    def _probe(self, hop: Hop, uri: str, authorization: str | None, out: list[Command], number: int = 0) -> None:
        """Send an OPTIONS of our own (RFC 3261 11)."""
        branch = f"z9hG4bK{self._environment.ids()}"
        place = self._installation.edge.sent_by(hop.zone)
        name = self._installation.settings.system_name
        lines = [
            f"OPTIONS {uri} SIP/2.0",
            f"Via: SIP/2.0/{hop.transport} {place.text};branch={branch}",
            "Max-Forwards: 70",
            f"From: <sip:{name}>;tag={self._environment.ids()}",
            f"To: <{uri}>",
            f"Call-ID: {self._environment.ids()}@{name}",
            "CSeq: 1 OPTIONS",
            "User-Agent: sipedge",
        ]
        if authorization is not None:
            lines.append(f"Authorization: {authorization}")
        lines.append("Content-Length: 0")
        self._probes[branch] = _Probe(hop, number)
        out.append(Forward(branch, hop, ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape"), b""))

    def response(self, event: ResponseReceived, now: float, out: list[Command]) -> bool:
        """True when the response belongs to an OPTIONS of our own."""
        probe = self._probes.get(event.branch)
        if probe is None:
            return False
        if event.message.status >= 200:
            del self._probes[event.branch]
            challenges = event.message.values("www-authenticate") + event.message.values("proxy-authenticate")
            if probe.number:
                out.append(Probed(probe.number, probe.hop, event.message.status, event.message.reason))
            self._answered(probe.hop, event.message.status, challenges, now, out)
        return True

    def forward_failed(self, event: ForwardFailed, now: float, out: list[Command]) -> bool:
        probe = self._probes.pop(event.branch, None)
        if probe is None:
            return False
        if probe.number:
            out.append(Probed(probe.number, probe.hop, event.status, event.reason))
        if probe.hop.zone in self._neighbors:
            self.failed(probe.hop, now, event.reason or "it does not answer OPTIONS")
        else:
            self._answered(probe.hop, 408, [], now, out)
        return True

    def _answered(self, hop: Hop, status: int, challenges: list[str], now: float, out: list[Command]) -> None:
        if hop.zone in self._neighbors:
            self._neighbors[hop.zone].options_answered(hop, status, now)
            self._look_at = now
        elif hop.zone in self._clients:
            client = self._clients[hop.zone]
            was_up = client.authenticated(hop.connection)
            self._carry_out(client, client.answered(hop.connection, status, challenges, now), now, out)
            if not was_up and client.authenticated(hop.connection):
                link = next(link for link in client.links() if link.connection == hop.connection)
                what = f'zone "{hop.zone}": the traversal connection with {link.peer}'
                out.append(Log("info", f"{what} {self._outages.saw(what, True, now) or 'is up'}", source=link.peer))

    def _tell_changes(self, now: float, out: list[Command]) -> None:
        """Peers and traversal connections that are down, and up again."""
        seen = []
        for what, is_up, why, source in standing(self._neighbors, self._clients, self._servers, self._were_up, now):
            seen.append(what)
            news = "" if self.ending else self._outages.saw(what, is_up, now)
            if news:
                reason = f": {why}" if why and not is_up else ""
                out.append(Log("info" if is_up else "warning", f"{what} {news}{reason}", source=source))
        self._outages.keep(seen)


def _options_uri(hop: Hop) -> str:
    return f"sip:{host_port(hop.name or hop.address, hop.port)};transport={hop.transport.lower()}"


def _is_keepalive(message: Message) -> bool:
    """An OPTIONS that the peer at the other end of the connection made for this edge: no user, one Via, no Route."""
    if message.method != "OPTIONS" or "route" in message.index or len(message.items("via")) != 1:
        return False
    accepted = validate(message)
    return isinstance(accepted, Accepted) and accepted.uri.user is None
