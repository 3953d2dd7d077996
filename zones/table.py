"""All zones by name, and the zone that a connection belongs to (docs/architecture.md, "One request").

A connection from a neighbour's address is that neighbour's or nobody's: when its certificate does not fit it is
refused, never let in as a stranger through the Default Zone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .access import decide
from .addresses import canonical_address
from .key_usage import UsageOutcome, check_usage
from .names import any_match, show_names
from .zone import (
    DEFAULT_ZONE,
    AnyZone,
    DefaultZone,
    DnsZone,
    Hop,
    NeighborZone,
    Transport,
    TraversalClientZone,
    TraversalServerZone,
)

MAX_ADDRESSES = 256
"""Addresses remembered for one neighbour."""


@dataclass(frozen=True, slots=True)
class Ingress:
    """The zone of a connection that a peer opened, or why it is closed."""

    zone: str
    refused: str = ""
    """'' or one sentence: zone, names presented, names expected."""
    warning: str = ""
    """'' or one sentence for the log; the connection stays."""


@dataclass(frozen=True, slots=True)
class Egress:
    """Whether a connection that the edge opened reached whom it was meant for."""

    refused: str = ""
    warning: str = ""


def expected_names(zone: AnyZone) -> tuple[str, ...]:
    """Names of which a peer's certificate must carry one; () when the zone's settings name none."""
    if zone.tls.subject_names or not isinstance(zone, NeighborZone | TraversalClientZone):
        return zone.tls.subject_names
    return zone.peers


def comes_back_by(zone: AnyZone) -> str:
    """The zone by which new requests come back from where this zone leads.

    What leaves by DNS comes back through the Default Zone, unless certificates are mapped to the DNS zone.
    """
    return DEFAULT_ZONE if isinstance(zone, DnsZone) and not zone.inbound_mapping else zone.name


class ZoneTable:
    """Immutable but for the addresses that names of neighbours resolve to."""

    def __init__(self, zones: Iterable[AnyZone]) -> None:
        self._zones: dict[str, AnyZone] = {}
        for zone in zones:
            if zone.name in self._zones:
                raise ValueError(f'two zones are called "{zone.name}"')
            self._zones[zone.name] = zone
        default = self._zones.setdefault(DEFAULT_ZONE, DefaultZone())
        if not isinstance(default, DefaultZone):
            raise ValueError(f'"{DEFAULT_ZONE}" is a name of a zone of its own kind')
        self._default = default
        self._neighbors = tuple(zone for zone in self if isinstance(zone, NeighborZone))
        self._mapped = tuple(zone for zone in self if isinstance(zone, DnsZone) and zone.inbound_mapping)
        self._resolved: dict[str, frozenset[str]] = {}
        self._by_address: dict[str, tuple[NeighborZone, ...]] = {}
        self._index()

    def __iter__(self) -> Iterator[AnyZone]:
        return iter(self._zones.values())

    def __getitem__(self, name: str) -> AnyZone:
        """Raises KeyError."""
        return self._zones[name]

    def get(self, name: str) -> AnyZone | None:
        return self._zones.get(name)

    def set_addresses(self, zone_name: str, addresses: Iterable[str]) -> None:
        """Tell what the names of a neighbour's peers resolve to now; peers configured as addresses stay known."""
        known = [canonical_address(address) for address in addresses][:MAX_ADDRESSES]
        self._resolved[zone_name] = frozenset(address for address in known if address)
        self._index()

    def _index(self) -> None:
        by_address: dict[str, list[NeighborZone]] = {}
        for zone in self._neighbors:
            configured = {canonical_address(peer) for peer in zone.peers} - {""}
            for address in configured | self._resolved.get(zone.name, frozenset()):
                by_address.setdefault(address, []).append(zone)
        self._by_address = {address: tuple(zones) for address, zones in by_address.items()}

    def is_neighbor(self, address: str) -> bool:
        """Whether an address is one of a neighbour's peers."""
        return canonical_address(address) in self._by_address

    def ingress(
        self,
        *,
        listener_zone: str,
        transport: Transport,
        peer_address: str,
        names: tuple[str, ...],
        has_certificate: bool,
        usages: frozenset[str] | None = None,
    ) -> Ingress:
        """The zone of an accepted connection.

        ``listener_zone``: the traversal server zone whose port accepted it, '' for other listeners. ``names`` and
        ``usages``: what the peer's certificate carries (names.py, key_usage.py). Its chain was verified before.
        """
        tls = transport == "TLS"
        if listener_zone:
            ingress = self._traversal(listener_zone, tls, names)
        elif neighbors := self._by_address.get(canonical_address(peer_address)):
            ingress = _neighbor(neighbors, peer_address, tls, names)
        else:
            ingress = self._stranger(tls, names, has_certificate)
        return ingress if ingress.refused or not has_certificate else self._usage(ingress, usages)

    def _traversal(self, listener_zone: str, tls: bool, names: tuple[str, ...]) -> Ingress:
        zone = self._zones.get(listener_zone)
        if not isinstance(zone, TraversalServerZone):
            return Ingress(listener_zone, f'zone "{listener_zone}" is no traversal server zone')
        return Ingress(zone.name, _mismatch(zone, tls, names))

    def _stranger(self, tls: bool, names: tuple[str, ...], has_certificate: bool) -> Ingress:
        if tls:
            for zone in self._mapped:
                if any_match(zone.tls.subject_names, names, zone.tls.wildcards):
                    return Ingress(zone.name)
        default = self._default
        if not tls and default.transport != "TCP":
            return Ingress(default.name, f'zone "{default.name}": TLS is expected, the connection is TCP')
        if tls and default.mutual_tls and not has_certificate:
            return Ingress(default.name, f'zone "{default.name}": the peer presents no certificate')
        allowed, rule = decide(default.access_rules, names)
        if allowed:
            return Ingress(default.name)
        by = f'access rule "{rule}" denies' if rule else "no access rule allows"
        return Ingress(default.name, f'zone "{default.name}": {by} the names presented: {show_names(names)}')

    def _usage(self, ingress: Ingress, usages: frozenset[str] | None) -> Ingress:
        zone = self._zones[ingress.zone]
        usage = check_usage(zone.tls.extended_key_usage, inbound=True, presented=usages)
        if usage.outcome is UsageOutcome.OK:
            return ingress
        text = f'zone "{zone.name}": {usage.text}'
        refused = usage.outcome is UsageOutcome.REFUSED
        return Ingress(zone.name, refused=text) if refused else Ingress(zone.name, warning=text)

    def egress(self, hop: Hop, names: tuple[str, ...], usages: frozenset[str] | None = None) -> Egress:
        """Judge the certificate of a peer that the edge connected to over TLS. Raises KeyError for an unknown zone."""
        zone = self._zones[hop.zone]
        expected = zone.tls.subject_names or ((hop.name,) if hop.name else ())
        if zone.tls.verify and not any_match(expected, names, zone.tls.wildcards):
            return Egress(_sentence(zone, names, expected))
        usage = check_usage(zone.tls.extended_key_usage, inbound=False, presented=usages)
        if usage.outcome is UsageOutcome.OK:
            return Egress()
        text = f'zone "{zone.name}": {usage.text}'
        return Egress(refused=text) if usage.outcome is UsageOutcome.REFUSED else Egress(warning=text)


def _neighbor(zones: tuple[NeighborZone, ...], address: str, tls: bool, names: tuple[str, ...]) -> Ingress:
    """Neighbours may share an address: one that verified the name comes before one that verifies nothing."""
    reasons = [(zone, _mismatch(zone, tls, names)) for zone in zones]
    fitting = [zone for zone, reason in reasons if not reason]
    if not fitting:
        text = "; ".join(reason for _, reason in reasons)
        return Ingress(zones[0].name, f"{text} (peer address {address})")
    return Ingress(next((zone.name for zone in fitting if tls and zone.tls.verify), fitting[0].name))


def _mismatch(zone: NeighborZone | TraversalServerZone, tls: bool, names: tuple[str, ...]) -> str:
    """'' or why a connection is not this zone's. A zone that asks for TCP takes TLS too, which is more."""
    if not tls:
        return "" if zone.transport == "TCP" else f'zone "{zone.name}": TLS is expected, the connection is TCP'
    expected = expected_names(zone)
    if not zone.tls.verify or any_match(expected, names, zone.tls.wildcards):
        return ""
    return _sentence(zone, names, expected)


def _sentence(zone: AnyZone, names: tuple[str, ...], expected: tuple[str, ...]) -> str:
    return f'zone "{zone.name}": the certificate presents {show_names(names)}; expected {show_names(expected)}'
