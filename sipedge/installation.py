"""The settings made ready for use: one object that a reload replaces as a whole."""

from __future__ import annotations

from zones.table import ZoneTable
from zones.zone import AnyZone, DefaultZone, DnsZone

from .record_route import TokenKey
from .routing import Self
from .settings import Settings


class Installation:
    """What every request is measured against."""

    def __init__(self, settings: Settings, ports: dict[str, int]) -> None:
        """``ports``: the ports that listeners with port 0 were given, by listener name."""
        self.settings = settings
        self.zones = ZoneTable(settings.zones)
        self.edge = Self(settings, tuple(self.zones), ports)
        self.key = TokenKey(settings.secret, tuple(zone.name for zone in self.zones))
        self.domains = frozenset(domain.lower() for domain in settings.domains)
        self.outside = frozenset(zone.name for zone in self.zones if isinstance(zone, DnsZone | DefaultZone))
        """Zones whose peers are strangers: what left through one of them may come back through another."""

    def zone(self, name: str) -> AnyZone:
        return self.zones[name]

    def agent(self, zone: str) -> str:
        """``host:port`` of this edge as the zone's peers see it, for Warning (RFC 3261 20.43)."""
        return self.edge.place(zone).text
