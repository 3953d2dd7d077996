"""The source zone of a recorded message: said by the user, else found by the edge's own rules, else Default Zone.

A trace holds no certificates, so its address alone tells who a peer is: a peer that the zone table would refuse for its
name gets the zone of its address. Only the edge's own log names the zone that a certificate or the DNS made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from sipedge.decision.installation import Installation
from sipedge.sip.message import Message
from sipedge.sip.values import MessageError
from sipedge.traces.records.record import Direction, Endpoint, Record
from zones.addresses import canonical_address
from zones.zone import DEFAULT_ZONE, AnyZone, DnsZone, NeighborZone, TraversalClientZone, TraversalServerZone

_WILDCARDS = ("", "0.0.0.0", "::")
_KEPT = 65_536


class SourceZones:
    """``said``: address, ``address:port`` or host name as a trace shows it -> zone; it comes before everything else.

    ``names``: host name -> addresses that it resolves to; nothing is looked up.
    """

    def __init__(
        self, installation: Installation, said: Mapping[str, str], names: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        self._table = installation.zones
        self._addresses = {host.lower(): tuple(addresses) for host, addresses in (names or {}).items()}
        self._by_name = tuple(zone for zone in self._table if any(not canonical_address(peer) for peer in _peers(zone)))
        self.untold = tuple(
            zone.name
            for zone in self._by_name
            if any(not canonical_address(peer) and peer.lower() not in self._addresses for peer in _peers(zone))
        )
        """Zones with peers whose addresses nobody said: of these no trace but the edge's own log can tell."""
        self._listeners = [
            (listener.port, canonical_address(listener.address), listener.address in _WILDCARDS, listener.zone)
            for listener in installation.settings.listeners
            if listener.zone
        ]
        self._said = {_spelled(address): zone for address, zone in said.items()}
        self._clients = {
            (address, zone.port): zone.name
            for zone in self._table
            if isinstance(zone, TraversalClientZone)
            for peer in zone.peers
            for address in self._ends_of(peer)
        }
        self._names = {
            address: zone.name
            for zone in self._by_name
            if isinstance(zone, NeighborZone)
            for peer in zone.peers
            if not canonical_address(peer)
            for address in self._ends_of(peer)
        }
        # Without the cache the replay of a capture takes 1.15 times as long (tools.bench.replay).
        self._find = lru_cache(maxsize=_KEPT)(self._found)

    def of(self, record: Record, message: Message) -> str:
        source = record.source or sender(message)
        return DEFAULT_ZONE if source is None else self.of_sender(source, record)

    def of_sender(self, source: Endpoint, record: Record) -> str:
        """``source``: where the record comes from. Of the record only what is around the message counts."""
        zone = self._find(source, record.destination, record.transport in ("tls", "wss"))
        if not record.zone or record.direction is Direction.SENT:
            return zone
        if zone == DEFAULT_ZONE:
            return self._as_logged(record.zone)
        return record.zone if self._is_own_connection(record.zone) and self._said_of(source) is None else zone

    def _is_own_connection(self, named: str) -> bool:
        """Whether the edge itself opens the connections of the zone: then no address of a peer tells more."""
        zone = self._table.get(named)
        return isinstance(zone, TraversalClientZone) and zone in self._by_name

    def _said_of(self, source: Endpoint) -> str | None:
        return self._said.get(_spelled(str(source))) or self._said.get(_spelled(source.host))

    def _ends_of(self, peer: str) -> list[str]:
        """As a trace may show the peer: by its name, or by the addresses that are said of it."""
        return [_spelled(end) for end in (peer, *self._addresses.get(peer.lower(), ()))]

    def _as_logged(self, named: str) -> str:
        """The zone that the edge's own log names, where a certificate, a listener or the DNS made it and could do so
        now; a zone that is known by address alone would have been found."""
        zone = self._table.get(named)
        if isinstance(zone, DnsZone) and zone.inbound_mapping or isinstance(zone, TraversalServerZone):
            return named
        return named if zone in self._by_name else DEFAULT_ZONE

    def of_address(self, source: Endpoint) -> str:
        """The zone of a peer at an address, whatever it sends."""
        return self._find(source, None, True)

    def _found(self, source: Endpoint, destination: Endpoint | None, tls: bool) -> str:
        host, said = _spelled(source.host), self._said_of(source)
        if said is not None:
            return said
        client = self._clients.get((host, source.port or 0))
        if client is not None:
            return client
        if host in self._names:
            return self._names[host]
        return self._table.ingress(
            listener_zone=self._listener_zone(destination),
            transport="TLS" if tls else "TCP",
            peer_address=source.host,
            names=(),
            has_certificate=False,
        ).zone

    def _listener_zone(self, destination: Endpoint | None) -> str:
        """The traversal server zone whose port the message came to."""
        if destination is None:
            return ""
        address = canonical_address(destination.host)
        for port, own, wildcard, zone in self._listeners:
            if port == destination.port and (wildcard or own == address):
                return zone
        return ""


def _peers(zone: AnyZone) -> tuple[str, ...]:
    """Those that an edge knows by address: of a neighbour, and the traversal servers."""
    return zone.peers if isinstance(zone, NeighborZone | TraversalClientZone) else ()


def sender(message: Message) -> Endpoint | None:
    """The sender by the topmost Via, for a message whose trace shows no addresses (RFC 3261 18.2.2)."""
    try:
        via = message.via
    except MessageError:
        return None
    return Endpoint(via.parameter("received") or via.host, via.port)


def _spelled(address: str) -> str:
    return canonical_address(address) or address.lower()
