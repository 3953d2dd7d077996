"""The settings made ready for use: one object that a reload replaces as a whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from dialplan.model import SourceMode
from sipedge.settings import Settings
from sipedge.topology.border import Border
from sipedge.topology.contacts import Seat
from sipedge.topology.handles import Handles
from sipedge.topology.seals import Seals
from zones.addresses import host_port
from zones.names import plain_host
from zones.table import ZoneTable
from zones.zone import LOCAL_ZONE, AnyZone, DefaultZone, DnsZone, FromDomain, Topology

from .record_route import HOUR, TokenKey, ZonePair
from .routing import OwnNames
from .speaking import FromPolicy


class Installation:
    """What every request is measured against."""

    def __init__(
        self, settings: Settings, ports: dict[str, int], tag: str = "edge", handles: Handles | None = None
    ) -> None:
        """``ports``: the ports that listeners with port 0 were given, by listener name.

        ``tag``: random text that the edge's own To tags begin with (RFC 3261 19.3). ``handles``: those of a running
        edge, which outlive its settings.
        """
        self._tag, self._handles = tag, handles
        self.settings = settings
        self.zones = ZoneTable(settings.zones)
        self.edge = OwnNames(settings, tuple(self.zones), ports)
        self.key = TokenKey(settings.secret, tuple(zone.name for zone in self.zones), settings.former_secrets)
        self._seats: dict[str, Seat] = {}
        self._local_zone = replace(DefaultZone(), name=LOCAL_ZONE, from_domain=FromDomain.ANY, border=False)
        self.domains = frozenset(map(plain_host, settings.domains))
        self.outside = frozenset(zone.name for zone in self.zones if isinstance(zone, DnsZone | DefaultZone))
        """Zones whose peers are strangers: what left through one of them may come back through another."""

        hidden = [zone for zone in self.zones if zone.topology is not Topology.OPEN]
        self.border = self._border(hidden) if hidden else None
        """What hidden zones show; None where all are open."""
        self._b2bua = frozenset(zone.name for zone in hidden if zone.topology is Topology.B2BUA)
        self._connected = frozenset(self._connections())
        policies = {zone.name: FromPolicy.of(zone, self.domains) for zone in self.zones}
        self.from_policies = {name: policy for name, policy in policies.items() if policy.judges}
        """By zone; those that are not here let every From pass."""

    def _border(self, hidden: list[AnyZone]) -> Border:
        return Border(
            frozenset(zone.name for zone in hidden),
            frozenset(zone.name for zone in hidden if zone.hide_call_id),
            Seals(self.settings.secret, self.settings.former_secrets, self._handles),
            self.edge.hosts,
            self.domains,
        )

    def open_border(self) -> Border:
        """Where nothing is hidden, but calls may go on that began when something was."""
        return self._border([])

    def seat(self, zone: str) -> Seat:
        """How the edge is called by a zone's peers, in URIs that only they may use.

        Over TLS by its name, which its certificate has and federation knows; over TCP as in Via.
        """
        if zone not in self._seats:
            self._seats[zone] = self._seat(zone)
        return self._seats[zone]

    def _seat(self, zone: str) -> Seat:
        sent_by = self.edge.sent_by(zone)
        host = self.settings.system_name if sent_by.transport == "TLS" else sent_by.host
        longest = self.zones[zone].longest_user_part
        return Seat(host_port(host, sent_by.port), sent_by.transport.lower(), self.side(zone), longest)

    def _connections(self) -> Iterable[tuple[str, str]]:
        """Pairs of zones of which a rule leads from one to the other; all zones outside count as one."""
        names = (*(zone.name for zone in self.zones), LOCAL_ZONE)
        for rule in self.settings.plan.dialplan.rules:
            sources = (rule.source_name,) if rule.source is SourceMode.NAMED else names
            if rule.enabled:
                yield from ((self.side(source), self.side(rule.target)) for source in sources)

    def ends_calls(self, source: str, target: str) -> bool:
        """Whether the edge is the user agent of a call between two zones, on both sides."""
        return source != target and (source in self._b2bua or target in self._b2bua)

    def side(self, zone: str) -> str:
        """The zone, or '' for all zones outside: their peers are the same strangers."""
        return "" if zone in self.outside else zone

    def connects(self, pair: ZonePair) -> bool:
        """Whether the plan in force still has a rule between the zones of a token, in either direction."""
        here, there = self.side(pair.here), self.side(pair.there)
        return (here, there) in self._connected or (there, here) in self._connected

    def is_young(self, pair: ZonePair, time: float) -> bool:
        """Whether a token still counts: its time was rounded down to an hour. ``time``: seconds since 1970."""
        return time <= self.settings.route_grace if not pair.issued else time < self.young_until(pair)

    def young_until(self, pair: ZonePair) -> float:
        """Until when a token with a time counts: seconds since 1970."""
        age = self.settings.route_age
        return pair.issued * HOUR + age + HOUR if age else float("inf")

    def zone(self, name: str) -> AnyZone:
        return self.zones[name]

    def source(self, name: str) -> AnyZone:
        """A zone that a request may be said to come from: also the Local Zone, which has no settings of its own."""
        return self._local_zone if name == LOCAL_ZONE else self.zones[name]

    def tag(self, transaction: int) -> str:
        """The To tag of the edge's own answers in a server transaction."""
        return f"{self._tag}{transaction:x}"

    def agent(self, zone: str) -> str:
        """``host:port`` of this edge as the zone's peers see it, for Warning (RFC 3261 20.43)."""
        return self.edge.sent_by(zone).text
