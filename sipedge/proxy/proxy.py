"""The proxy core: events in, commands out, the time as an argument (RFC 3261 section 16).

    RequestReceived   -> decision (decision/) -> search or signed Route -> response context -> Forward
    ResponseReceived  -> response context -> Respond
    Resolved          -> look-up -> response context -> Forward
    everything else   -> the zone or timer it belongs to

It opens nothing, sleeps never, reads no clock. docs/architecture.md follows one message through the files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sipedge.decision.installation import Installation
from sipedge.dialogs.table import Dialogs
from sipedge.rates.rates import Rates
from sipedge.remembered.memory import Memory
from sipedge.remembered.way import Way
from sipedge.settings import Settings
from sipedge.sip.responses import branch_of_response, response_to_bytes, warning
from zones.addresses import same_scope
from zones.neighbor import NeighborPeers
from zones.table import Egress
from zones.traversal_client import TraversalClient
from zones.zone import DEFAULT_ZONE, Hop

from .answers import own_response, respond
from .calls import Calls
from .commands import Abandon, Close, Command, Log, Relay
from .contexts import Contexts
from .events import (
    Adopted,
    CallMoved,
    CallWanted,
    ConfigChanged,
    ConnectionClosed,
    ConnectionFailed,
    ConnectionForgotten,
    ConnectionOpened,
    DrainEnded,
    Ending,
    Event,
    ForwardFailed,
    HopJudged,
    HopLost,
    MalformedReceived,
    PeerElsewhere,
    ProbeAsked,
    Recalled,
    RequestReceived,
    Resolved,
    ResponseReceived,
    RevocationChanged,
    TargetSeen,
    Undelivered,
    UnreadableReceived,
)
from .forwarder import Forwarder
from .forwarding import believed
from .incoming import Door, Environment, Peer
from .locating import LookUp, LookUps, Questions, TargetLookUp, TargetLookUps
from .looked_after.seen import UpkeepSeen
from .requests import WITHOUT_RESPONSE, RequestPath
from .upkeep import Upkeep
from .way_back import WaysBack


class Proxy:
    """One edge. ``handle``, ``tick`` and ``next_deadline`` are the whole interface."""

    def __init__(self, settings: Settings, environment: Environment) -> None:
        self._environment = environment
        self._tag = environment.name + environment.random_bytes(4).hex()
        self._peers: dict[int, Peer] = {}
        self.refused: dict[str, int] = {}
        """Zone -> connections that it did not admit."""
        self._rates = Rates(environment.shelf, environment.subscribed)
        self.memory = Memory()
        """The verdicts that are remembered."""
        self._ending = False
        self._contexts = Contexts(environment.shelf)
        self._questions = Questions()
        self._look_ups = LookUps(environment.random, self._questions)
        self._targets = TargetLookUps(self._questions)
        self._upkeep = Upkeep(environment, self._questions, self._rates)
        self._ways_back = WaysBack()
        self._calls = Calls(environment.ids, environment.others, environment.board)
        self._configure(settings)
        self._handlers: dict[type, Callable[..., None]] = {
            RequestReceived: self._request,
            Adopted: self._adopted,
            ResponseReceived: self._response,
            ForwardFailed: self._forward_failed,
            HopLost: self._hop_lost,
            Undelivered: self._undelivered,
            MalformedReceived: self._malformed,
            UnreadableReceived: self._unreadable,
            ConnectionOpened: self._opened,
            ConnectionFailed: self._upkeep.connection_failed,
            ConnectionClosed: self._closed,
            ConnectionForgotten: lambda event, now, out: self._ways_back.forgotten(event.connection),
            Resolved: self._resolved,
            RevocationChanged: self._revocation_changed,
            ConfigChanged: self._config_changed,
            ProbeAsked: lambda event, now, out: self._upkeep.probe(event.zone, event.number, out),
            PeerElsewhere: self._peer_elsewhere,
            HopJudged: self._hop_judged,
            UpkeepSeen: self._upkeep_seen,
            TargetSeen: lambda event, now, out: self._rates.seen(event.zone, event.source, event.number, now),
            Recalled: self._calls.recalled,
            CallWanted: self._calls.wanted,
            CallMoved: self._calls.moved,
            Ending: self._end_begins,
            DrainEnded: self._drain_ended,
        }

    def _configure(self, settings: Settings) -> None:
        self._installation = Installation(settings, self._environment.ports, self._tag, self._calls.handles)
        self._rates.configure(self._installation.zones)
        self.memory.configure(settings.limits.remembered)
        self._contexts.configure(any(zone.rate.pace for zone in self._installation.zones))
        self._upkeep.configure(self._installation)
        self._ways_back.configure(self._installation, self._upkeep)
        self._look_ups.forget()
        ids = self._environment.ids
        forwarder = Forwarder(
            self._installation, self._upkeep, self._look_ups, self._ways_back, ids, self._calls.dialogs
        )
        parts = self._contexts, self._upkeep, self._targets, self._rates, self._calls, self.memory
        self._path = RequestPath(self._installation, forwarder, *parts)
        self._calls.configure(self._installation, forwarder, self._contexts)
        self._path.ending = self._ending

    @property
    def events(self) -> frozenset[type]:
        """The classes of events that ``handle`` takes."""
        return frozenset(self._handlers)

    def handle(self, event: Event, now: float) -> list[Command]:
        """Commands in the order to carry out. ``now``: seconds of a clock that never goes back."""
        out: list[Command] = []
        try:
            self._handlers[type(event)](event, now, out)
        except Exception as error:  # no message may stop the edge
            out.append(Log("error", f"{error!r} while handling {event!r}", error))
            if isinstance(event, RequestReceived):
                self._answer_500(event, out)
        return self._contexts.paced(self._calls.settled(now, out), now)

    def tick(self, now: float) -> list[Command]:
        """What is due by ``now``: Timer C, accepted INVITEs, OPTIONS, connection attempts."""
        out: list[Command] = []
        self._calls.handles.look()
        while (deadline := self._contexts.next_deadline()) is not None and deadline <= now:
            self._guarded("in a timer", out, self._contexts.tick, now, out)
        self._guarded("in a timer", out, self._upkeep.tick, now, out)
        self._guarded("in a timer", out, self._ways_back.tick, now, out)
        self._guarded("in a timer", out, self._calls.tick, now, out)
        self._go_on(self._targets.due(now), now, out)
        return self._contexts.released(now) + self._contexts.paced(self._calls.settled(now, out), now)

    def _guarded(self, where: str, out: list[Command], work: Callable[..., None], *arguments: object) -> None:
        """Work that may not keep other work from its turn: one timer of many, one request that waited of many."""
        try:
            work(*arguments)
        except Exception as error:
            out.append(Log("error", f"{error!r} {where}", error))

    def _go_on(self, events: Iterable[RequestReceived], now: float, out: list[Command]) -> None:
        """Requests that have waited for the DNS to say for whom their peers may speak."""
        for event in events:
            if (peer := self._peers.get(event.connection)) is None:
                continue
            try:
                self._path.go_on(event, peer, now, out)
            except Exception as error:
                out.append(Log("error", f"{error!r} after a look-up for {event!r}", error))
                self._answer_500(event, out)

    def _answer_500(self, event: RequestReceived, out: list[Command]) -> None:
        if event.transaction and (peer := self._peers.get(event.connection)) is not None:
            out.append(respond(self._installation, event.transaction, peer, event.message, 500))

    def next_deadline(self) -> float | None:
        parts = (self._contexts, self._upkeep, self._ways_back, self._targets, self._calls)
        deadlines = [self._contexts.next_release(), *(part.next_deadline() for part in parts)]
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def is_quiet(self) -> bool:
        """Whether every request has had its final response: nothing is lost by ending now."""
        kept = self._contexts.kept()
        return kept["unanswered"] == kept["paced"] == 0 and len(self._targets) == 0

    def is_cancelling(self) -> bool:
        """Whether a callee that was sent a CANCEL has still to answer the INVITE."""
        return self._contexts.cancelling()

    def kept(self) -> dict[str, int]:
        """How much is held for requests that are open or just over, by kind; all 0 when nothing is."""
        held = {"questions": len(self._questions), "waiting": len(self._targets)}
        return {**self._contexts.kept(), **held, **self._ways_back.kept()}

    def waiting(self) -> dict[tuple[str, str], int]:
        """Zone, and name or address of the partner -> what waits for its turn to leave."""
        return self._contexts.waiting()

    def requests_refused(self) -> dict[tuple[str, str], int]:
        """(zone, reason) -> requests; those that waited in vain for their turn count for the zone that they go to."""
        return {**self._rates.refused, **{(zone, "pace"): count for zone, count in self._contexts.dropped.items()}}

    def is_neighbor(self, address: str) -> bool:
        """Whether an address is one of a neighbor zone's peers."""
        return self._installation.zones.is_neighbor(address)

    def peer(self, connection: int) -> Peer | None:
        """What is known of an open connection."""
        return self._peers.get(connection)

    def peers(self) -> Iterable[Peer]:
        """All open connections."""
        return self._peers.values()

    @property
    def upkeep(self) -> Upkeep:
        """Neighbours and traversal zones, for people to look at."""
        return self._upkeep

    @property
    def dialogs(self) -> Dialogs:
        """Calls of b2bua zones, for people to look at."""
        return self._calls.dialogs

    def _request(self, event: RequestReceived, now: float, out: list[Command]) -> None:
        if (peer := self._peers.get(event.connection)) is not None:  # else it closed while this was on the way
            self._path.take(event, peer, now, out)

    def _adopted(self, event: Adopted, now: float, out: list[Command]) -> None:
        if (peer := self._peers.get(event.request.connection)) is not None:
            self._path.adopt(event, peer)

    def _response(self, event: ResponseReceived, now: float, out: list[Command]) -> None:
        if self._upkeep.response(event, now, out):
            return
        context = self._contexts.by_branch(event.branch)
        peer = self._peers.get(event.connection)
        if context is None or peer is None:  # late or made up: RFC 6026 forbids to forward it
            return
        if event.stray and not self._is_repeated_2xx(event, peer, now):
            return
        if fault := context.forwarder.via_fault(context.incoming, event.branch, event.message):
            out.append(Log("warning", fault, source=peer.address))
            if event.message.status >= 200:  # its transaction is over: nothing else will come for the caller
                failed = ForwardFailed(event.branch, 502, "the next hop broke the Via header")
                self._contexts.failed(failed, now, out)
            return
        zones = self._installation.zones
        message = believed(event.message, zones.get(peer.zone) or zones[DEFAULT_ZONE])
        if context.incoming.way is not None and not self._calls.responded(context, event.branch, message, now, out):
            return
        self._contexts.pass_on(context, event.branch, message, now, out)

    def may_pass(self, connection: int, way: Way, now: float) -> bool:
        """Count a request of a connection that goes this way without the core: whether it may."""
        peer = self._peers.get(connection)
        return peer is not None and self._path.may_pass(peer, way, now)

    def may_answer(self, branch: str, connection: int, now: float) -> bool:
        """Whether the peer of a connection is the one that the request of a branch was sent to (RFC 3261 18.1.1)."""
        peer, hop = self._peers.get(connection), self._contexts.hop_of(branch)
        return peer is not None and hop is not None and self._ways_back.may_answer(hop, peer, now)

    def _is_repeated_2xx(self, event: ResponseReceived, peer: Peer, now: float) -> bool:
        """What no transaction knows is another 2xx to an INVITE (RFC 6026 7.2), or nothing that counts."""
        method, hop = (event.message.first("cseq") or "").split()[-1:], self._contexts.accepted_by(event.branch)
        return method == ["INVITE"] and hop is not None and self._ways_back.may_answer(hop, peer, now)

    def _forward_failed(self, event: ForwardFailed, now: float, out: list[Command]) -> None:
        if not self._upkeep.forward_failed(event, now, out):
            self._contexts.failed(event, now, out)

    def _hop_lost(self, event: HopLost, now: float, out: list[Command]) -> None:
        lost = ForwardFailed(event.branch, 503, "the connection was lost")
        if self._upkeep.forward_failed(lost, now, out):
            out.append(Abandon(event.branch))
        else:
            self._contexts.hop_lost(event.branch, now, out)

    def _undelivered(self, event: Undelivered, now: float, out: list[Command]) -> None:
        peer = self._peers.get(event.connection) or self._ways_back.departed(event.connection)
        if peer is not None:
            self._ways_back.send(peer, event.data, now, out)

    def _resolved(self, event: Resolved, now: float, out: list[Command]) -> None:
        """An answer of the DNS: to a look-up, whose hops go to all who wait for them, or to a zone's own question."""
        asked = self._questions.take(event.query)
        if asked is None:
            return
        question, purpose = asked
        if isinstance(purpose, LookUp):
            for ticket in self._look_ups.answer(purpose, question, event, now, out):
                where = f"after the look-up of {purpose.destination.host!r}"
                self._guarded(where, out, self._contexts.located, ticket, purpose.result, now, out)
        elif isinstance(purpose, TargetLookUp):
            self._go_on(self._targets.answer(purpose, question, event, now), now, out)
        elif isinstance(purpose, NeighborPeers | TraversalClient):
            self.memory.forget_ways()
            if self._upkeep.answer(purpose, question, event, now, out):
                self._reassign_zones(now, out)

    def _malformed(self, event: MalformedReceived, now: float, out: list[Command]) -> None:
        """A 400 naming header and column, outside any transaction (RFC 3261 8.2)."""
        peer = self._peers.get(event.connection)
        place = f" at line {event.line}, column {event.column}" if event.line else ""
        what = f"malformed header {event.header}{place}" if place else f"there is no usable {event.header}"
        source = "" if peer is None else peer.address
        text = f"connection {event.connection}: {what}: {event.message.start_line[:80]}"
        out.append(Log("warning", text, source=source))
        message = event.message
        if peer is not None and message.status >= 200:
            self._unreadable_response(branch_of_response(message.head), peer, what, now, out)
        if peer is None or not message.is_request or message.method in WITHOUT_RESPONSE or "via" not in message.index:
            return
        out.append(Relay(event.connection, own_response(self._installation, 0, peer, message, 400, what)))

    def _unreadable(self, event: UnreadableReceived, now: float, out: list[Command]) -> None:
        peer = self._peers.get(event.connection)
        if peer is not None:
            self._unreadable_response(branch_of_response(event.head), peer, event.reason, now, out)
            headers = (warning(self._installation.agent(peer.zone), event.reason),)
            data = response_to_bytes(event.head, event.status, headers)
            if data:
                out.append(Relay(event.connection, data))

    def _unreadable_response(self, branch: str, peer: Peer, reason: str, now: float, out: list[Command]) -> None:
        """A final response that nobody can forward is 502 to the caller, not silence (RFC 3261 16.7, 21.5.3)."""
        if self.may_answer(branch, peer.connection, now):
            out.append(Abandon(branch))
            reason = f"the next hop sent a response that cannot be read: {reason}"
            self._contexts.failed(ForwardFailed(branch, 502, reason), now, out)

    def source_address(self, hop: Hop) -> str:
        """Where a connection to a hop should come from: peers know the edge by its listener's address; '' for any."""
        source = self._installation.edge.sent_by(hop.zone).address
        return source if source and same_scope(source, hop.address) else ""

    def egress(self, hop: Hop, names: tuple[str, ...], usages: frozenset[str] | None) -> Egress:
        """Judge the certificate of a peer that the edge connected to."""
        return self._installation.zones.egress(hop, names, usages)

    def _opened(self, event: ConnectionOpened, now: float, out: list[Command]) -> None:
        zone, refused, remark = self._door().zone_of(event)
        if remark:
            out.append(Log("warning", f"connection from {event.peer_address}: {remark}", source=event.peer_address))
        if refused:
            self.refused[zone] = self.refused.get(zone, 0) + 1
            text = f"connection from {event.peer_address} refused: {refused}"
            out.append(Log("warning", text, source=event.peer_address))
            out.append(Close(event.connection, refused))
            if event.zone is None:
                self._environment.offence(event.peer_address, "zone")
            return
        peer = Peer(
            event.connection, zone, event.peer_address, event.peer_port, event, *self._door().requests_of(event)
        )
        peer.since = now
        self._peers[event.connection] = peer
        self._ways_back.opened(peer)
        self._upkeep.opened(peer, now, out)

    def _door(self) -> Door:
        return Door(self._installation, self._environment, self._upkeep.listener_zone)

    def _reassign_zones(self, now: float, out: list[Command]) -> None:
        """Zones or the addresses of their peers have changed: a connection may belong elsewhere now, or nowhere."""
        self.memory.forget_ways()
        for peer in [peer for peer in self._peers.values() if not peer.elsewhere]:
            if self._installation.zones.get(peer.opened.zone or DEFAULT_ZONE) is None:
                out.append(Close(peer.connection, f'zone "{peer.zone}" is no longer configured'))
                continue
            before = peer.zone, peer.speaks_in, peer.barred
            zone, refused, _ = self._door().zone_of(peer.opened)
            if refused:
                text = f"connection from {peer.address} closed: {refused}"
                out.append(Log("warning", text, source=peer.address))
                out.append(Close(peer.connection, refused))
            elif zone != peer.zone:
                self._move(peer, zone, now, out)
            speaks_in, peer.barred = self._door().requests_of(peer.opened)
            peer.speaks_in = speaks_in or zone
            if before != (peer.zone, peer.speaks_in, peer.barred):
                self._environment.rezoned(peer.connection)

    def _move(self, peer: Peer, zone: str, now: float, out: list[Command]) -> None:
        self._upkeep.closed(peer, now, out)
        self._ways_back.leaves(peer)
        peer.zone = zone
        self._ways_back.opened(peer)
        self._upkeep.opened(peer, now, out)

    def _peer_elsewhere(self, event: PeerElsewhere, now: float, out: list[Command]) -> None:
        """The worker that has the connection has judged it already."""
        opened = event.opened
        known = self._peers.get(opened.connection)
        if known is not None:
            if known.zone != event.zone:
                self._move(known, event.zone, now, out)
            known.speaks_in, known.barred = event.speaks_in, event.barred
            return
        place = opened.connection, event.zone, opened.peer_address, opened.peer_port
        peer = Peer(*place, opened, event.speaks_in, event.barred, event.since, elsewhere=True)
        self._peers[opened.connection] = peer
        self._ways_back.opened(peer)
        self._upkeep.opened(peer, now, out)

    def _hop_judged(self, event: HopJudged, now: float, out: list[Command]) -> None:
        if event.why:
            self._upkeep.failed(event.hop, now, event.why)
        else:
            self._upkeep.succeeded(event.hop, now)

    def _upkeep_seen(self, event: UpkeepSeen, now: float, out: list[Command]) -> None:
        self.memory.forget_ways()
        if self._upkeep.follow(event, now):
            self._reassign_zones(now, out)

    def _closed(self, event: ConnectionClosed, now: float, out: list[Command]) -> None:
        peer = self._peers.pop(event.connection, None)
        if peer is not None:
            self._ways_back.closed(peer)
            self._upkeep.closed(peer, now, out)

    def _revocation_changed(self, event: RevocationChanged, now: float, out: list[Command]) -> None:
        self._reassign_zones(now, out)

    def _config_changed(self, event: ConfigChanged, now: float, out: list[Command]) -> None:
        """The new settings hold from the next event on; connections of zones that are gone are closed."""
        self._configure(event.settings)
        self._reassign_zones(now, out)

    def _end_begins(self, event: Ending, now: float, out: list[Command]) -> None:
        """From now on a request that begins something gets 503."""
        self._ending = self._path.ending = self._upkeep.ending = True
        self.memory.shows_ways = False
        self.memory.forget_ways()

    def _drain_ended(self, event: DrainEnded, now: float, out: list[Command]) -> None:
        """Nobody is left without a final response."""
        for context in self._contexts.open():
            self._guarded("at the end", out, self._contexts.end, context, now, out)
