"""The peers of an installation's zones, as endpoints to examine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sipedge.settings import Settings
from zones.dns import STANDARD_SERVICES
from zones.table import expected_names
from zones.zone import DnsZone, LookUp, NeighborZone, TraversalClientZone


@dataclass(frozen=True, slots=True)
class ZonePeer:
    """One address or host name that a zone connects to."""

    zone: str
    host: str
    port: int
    tls: bool
    names: tuple[str, ...]
    """Of which the certificate must carry one; () where the zone verifies none."""
    wildcards: bool


def peers_of(settings: Settings) -> Iterator[ZonePeer]:
    for zone in settings.zones:
        by_address = isinstance(zone, NeighborZone) and zone.look_up is LookUp.ADDRESS
        if isinstance(zone, TraversalClientZone) or (isinstance(zone, NeighborZone) and by_address):
            names = expected_names(zone) if zone.tls.verify else ()
            for host in zone.peers:
                yield ZonePeer(zone.name, host, zone.port, zone.transport == "TLS", names, zone.tls.wildcards)


def services_of(settings: Settings) -> Iterator[tuple[str, str]]:
    """Service and domain of the SRV records that zones ask for by name."""
    for zone in settings.zones:
        if isinstance(zone, NeighborZone) and zone.look_up is LookUp.SERVICE_RECORD:
            yield from ((zone.service, domain) for domain in zone.peers)
        elif isinstance(zone, DnsZone) and zone.modify_dns_request:
            yield zone.microsoft_service or STANDARD_SERVICES[zone.transport], zone.modify_dns_request
