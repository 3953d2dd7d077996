"""Who a peer is beyond one connection, and how a message reaches it when that connection is gone.

RFC 3261 18.1.1: the answer to a request may come on another connection than the request went out on. 18.2.2: a
response whose connection is gone goes out on another one, to the address in ``received`` and the port of the Via.
"""

from __future__ import annotations

from sipedge.decision.installation import Installation
from sipedge.sip.message import parse_message
from sipedge.sip.values import MessageError
from zones.addresses import PUBLIC, forbidden_port
from zones.names import any_match
from zones.zone import Hop, TraversalClientZone, TraversalServerZone

from .commands import Command, Log, Relay, Send
from .incoming import Peer
from .upkeep import Upkeep

PARKED = 1024
"""Responses that may wait for a traversal connection to come back."""
PARKED_FOR = 32.0
"""64*T1: after that nobody waits for the response any more (RFC 3261 17.1)."""
LOOK = 0.2
"""Seconds between two looks for the connection."""
TRIED_FOR = 10.0
TRIED, TRIED_AT_ONE = 256, 8
"""New connections for responses in so many seconds, in all and to one address: whoever sends requests, closes and names
ever more ports in Via is not connected to at all of them."""
TRYING = b"SIP/2.0 100 "
"""Says only that the request came: its connection has told that."""
DEFAULT_PORTS = {"TCP": 5060, "TLS": 5061}

Identity = tuple[str, ...]


class WaysBack:
    """Open connections by who is at their other end, and closed ones while a transaction of theirs is open."""

    def __init__(self) -> None:
        self._installation: Installation
        self._upkeep: Upkeep
        self._open: dict[Identity, dict[int, Peer]] = {}
        self._closed: dict[int, Peer] = {}
        self._parked: list[tuple[float, Peer, bytes]] = []
        """(until, for whom, response), in the order they came."""
        self._look_at = float("inf")
        self._tried: dict[Hop, float] = {}
        """Hop -> when it was tried last."""

    def configure(self, installation: Installation, upkeep: Upkeep) -> None:
        self._installation, self._upkeep = installation, upkeep

    def opened(self, peer: Peer) -> None:
        """It is open, or has another zone now."""
        self._open.setdefault(self._identity(peer), {})[peer.connection] = peer

    def closed(self, peer: Peer) -> None:
        """It is closed, and known until ``forgotten``."""
        self.leaves(peer)
        self._closed[peer.connection] = peer

    def forgotten(self, connection: int) -> None:
        """Its last transaction has ended."""
        self._closed.pop(connection, None)

    def leaves(self, peer: Peer) -> None:
        """It will have another zone, or cannot be written to."""
        identity = self._identity(peer)
        others = self._open.get(identity, {})
        others.pop(peer.connection, None)
        if not others:
            self._open.pop(identity, None)

    def _side(self, zone: str) -> str:
        """What left through a DNS zone may come back through the Default Zone: their peers are the same strangers."""
        return "" if zone in self._installation.outside else zone

    def _identity(self, peer: Peer) -> Identity:
        """Equal for two connections of one peer: its verified names, or where it proved none its address."""
        opened = peer.opened
        who = sorted(opened.names) if opened.transport == "TLS" and opened.names else [peer.address]
        return (self._side(peer.zone), opened.transport, *who)

    def may_answer(self, hop: Hop, peer: Peer, now: float) -> bool:
        """Whether a peer is the one that a request was sent to, although not on this connection."""
        if peer.opened.hop == hop:
            return True
        zone = self._installation.zones.get(hop.zone)
        if zone is None or self._side(hop.zone) != self._side(peer.zone):
            return False
        if isinstance(zone, TraversalServerZone | TraversalClientZone):
            return self._upkeep.is_admitted(peer, now)
        if hop.transport != peer.opened.transport:
            return False
        if hop.transport == "TLS" and zone.tls.verify:
            return not self._installation.zones.egress(hop, peer.opened.names).refused
        return peer.address == hop.address

    def again(self, hop: Hop, now: float) -> Hop:
        """Where to send what has to follow a request to ``hop``: a traversal connection may have another number now."""
        zone = self._installation.zones.get(hop.zone)
        if not hop.connection or not isinstance(zone, TraversalServerZone | TraversalClientZone):
            return hop
        links = self._upkeep.links(zone.name, now)
        return hop if hop in links or not links else links[0]

    def departed(self, connection: int) -> Peer | None:
        """Whose connection it was that is closed, while a request that came on it is open."""
        return self._closed.get(connection)

    def send(self, peer: Peer, data: bytes, now: float, out: list[Command]) -> None:
        """A message could not be written on the connection of a peer: find another way, or wait for one.

        Nothing is relayed to that connection any more: its end may still be on the way here, as may be that of others.
        """
        self.leaves(peer)
        if not data.startswith(b"SIP/2.0 "):
            if peer.opened.hop is not None:
                out.append(Send(peer.opened.hop, data))
        elif not data.startswith(TRYING) and not self._relay(peer, data, now, out):
            self._open_or_park(peer, data, now, out)

    def _relay(self, peer: Peer, data: bytes, now: float, out: list[Command]) -> bool:
        for other in self._open.get(self._identity(peer), {}).values():
            if self._upkeep.is_admitted(other, now):
                out.append(Relay(other.connection, data))
                return True
        return False

    def _open_or_park(self, peer: Peer, data: bytes, now: float, out: list[Command]) -> None:
        zone = self._installation.zones.get(peer.zone)
        if isinstance(zone, TraversalServerZone | TraversalClientZone):
            if len(self._parked) < PARKED:
                self._parked.append((now + PARKED_FOR, peer, data))
                self._look_at = min(self._look_at, now + LOOK)
            return
        hop = None if zone is None else self._hop(peer, data)
        if hop is not None and peer.zone in self._installation.outside and forbidden_port(hop.port, PUBLIC):
            text = f"a response is lost: port {hop.port}, which its Via names, is one of another service"
            out.append(Log("warning", text, source=peer.address))
            return
        if hop is not None and self._may_try(hop, now):
            text = f"a response goes out on a new connection to port {hop.port}: the one of its request is closed"
            out.append(Log("info", text, source=peer.address))
            out.append(Send(hop, data))

    def _hop(self, peer: Peer, data: bytes) -> Hop | None:
        """RFC 3261 18.2.2: the address that the request came from, the port of its Via or the default one."""
        try:
            via = parse_message(data).via
        except MessageError:
            return None
        transport, names = peer.opened.transport, peer.opened.names
        name = via.host if any_match((via.host,), names, True) else next((n for n in names if "*" not in n), "")
        port = via.port or DEFAULT_PORTS[transport]
        return Hop(peer.zone, transport, peer.address, port, name if transport == "TLS" else "")

    def _may_try(self, hop: Hop, now: float) -> bool:
        self._tried = {tried: when for tried, when in self._tried.items() if now - when < TRIED_FOR}
        others = [tried for tried in self._tried if tried != hop]
        if len(others) >= TRIED or sum(tried.address == hop.address for tried in others) >= TRIED_AT_ONE:
            return False
        self._tried[hop] = now
        return True

    def next_deadline(self) -> float | None:
        return self._look_at if self._parked else None

    def tick(self, now: float, out: list[Command]) -> None:
        if now < self._look_at:
            return
        waiting, self._parked = self._parked, []
        for until, peer, data in waiting:
            if until > now and not self._relay(peer, data, now, out):
                self._parked.append((until, peer, data))
        self._look_at = now + LOOK if self._parked else float("inf")

    def kept(self) -> dict[str, int]:
        """How many closed connections are known, and how many responses wait for a connection."""
        return {"closed": len(self._closed), "parked": len(self._parked)}
