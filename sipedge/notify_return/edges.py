"""Edges as the proof sees them, and which traversal client of one reaches which traversal server of another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from dialplan.analysis import Languages, Meetings, Sender, SymbolicPlan
from dialplan.model import Query, Traffic
from dialplan.search.search import Explanation
from sipedge.decision.record_route import is_record_routed
from sipedge.decision.routing import OwnNames
from sipedge.queries.senders import senders_of_zones
from sipedge.queries.voices import ZoneVoices
from sipedge.settings import Settings
from zones.authentication import authenticate
from zones.table import ZoneTable
from zones.zone import AnyZone, Topology, TraversalClientZone, TraversalServerZone


class Edge:
    """One configuration. Edges that are looked at together share their ``languages`` and what is known of them."""

    def __init__(self, name: str, settings: Settings, languages: Languages, meetings: Meetings) -> None:
        self.name = name
        self.settings = settings
        self.symbolic = SymbolicPlan(settings.plan, languages)
        self.meetings = meetings
        self.zones: dict[str, AnyZone] = {zone.name: zone for zone in ZoneTable(settings.zones)}
        self.senders: dict[str, Sender] = {sender.name: sender for sender in senders_of_zones(self.zones.values())}
        self.own = OwnNames(settings, tuple(self.zones.values()), {})
        self.voices = ZoneVoices(settings)

    def search(self, query: Query) -> Explanation:
        """By the engine that the live edge uses."""
        return self.settings.plan.search(query)

    def authenticated(self, zone: str, local: bool) -> frozenset[bool]:
        """Whether requests from the zone may count as authenticated, and may not. ``local``: From's domain is ours."""
        policy, trust = self.zones[zone].authentication_policy, self.zones[zone].authentication_trust
        answers = [authenticate(policy, trust=trust, local=local, asserted=asserted) for asserted in (False, True)]
        return frozenset(answer.authenticated for answer in answers)

    def is_own_domain(self, domain: str) -> bool:
        return domain.lower() in {own.lower() for own in self.settings.domains}

    def outer_zones(self) -> Iterator[AnyZone]:
        """Those that are no traversal zones: where people are."""
        for zone in self.zones.values():
            if not isinstance(zone, TraversalClientZone | TraversalServerZone):
                yield zone

    def record_routes(self, source: str, target: str, traffic: Traffic) -> bool:
        """Whether a SUBSCRIBE between two zones is record-routed, so that its NOTIFY needs no rule here."""
        microsoft = traffic is not Traffic.STANDARD
        return is_record_routed("SUBSCRIBE", self.zones[source], self.zones[target], microsoft)

    def hides(self, zone: str) -> bool:
        """Whether the Contacts of a zone are sealed on their way to others, so that they lead back by themselves."""
        return self.zones[zone].topology is not Topology.OPEN


@dataclass(frozen=True, slots=True)
class TraversalLink:
    """A traversal client zone and the server zone that it connects to."""

    inside: Edge
    client: str
    outside: Edge
    server: str

    def __str__(self) -> str:
        return f'{self.inside.name} (zone "{self.client}") and {self.outside.name} (zone "{self.server}")'


def edges_of(named: Iterable[tuple[str, Settings]]) -> tuple[Edge, ...]:
    """``named``: (file, what it says)."""
    listed = list(named)
    languages = Languages([settings.plan for _, settings in listed])
    meetings = Meetings()
    return tuple(Edge(name, settings, languages, meetings) for name, settings in listed)


def links_of(edges: Sequence[Edge]) -> tuple[list[TraversalLink], list[str]]:
    """The links, and one sentence for each traversal client zone that leads to no server zone, or to several."""
    links: list[TraversalLink] = []
    problems: list[str] = []
    for edge in edges:
        for zone in edge.zones.values():
            if isinstance(zone, TraversalClientZone):
                servers = _servers(edge, zone, edges)
                if len(servers) == 1:
                    links.append(TraversalLink(edge, zone.name, *servers[0]))
                else:
                    problems.append(_unlinked(edge, zone, servers))
    return links, problems


def _servers(edge: Edge, client: TraversalClientZone, edges: Sequence[Edge]) -> list[tuple[Edge, str]]:
    """Zones with the client's port and user. Where several fit: those of edges that the client's peers name."""
    fitting = [
        (other, zone.name)
        for other in edges
        if other is not edge
        for zone in other.zones.values()
        if isinstance(zone, TraversalServerZone) and zone.port == client.port and _user(zone) == _user(client)
    ]
    peers = {peer.lower() for peer in client.peers}
    named = [(other, name) for other, name in fitting if peers & other.own.hosts]
    return named if len(fitting) > 1 and named else fitting


def _user(zone: TraversalClientZone | TraversalServerZone) -> str:
    return zone.credential.username if zone.credential else ""


def _unlinked(edge: Edge, zone: TraversalClientZone, servers: Sequence[tuple[Edge, str]]) -> str:
    wanted = f'port {zone.port}, user "{_user(zone)}"'
    if not servers:
        return f'{edge.name}: no other edge has a traversal server zone for "{zone.name}" ({wanted})'
    places = ", ".join(f'{other.name} "{name}"' for other, name in servers)
    return f'{edge.name}: several traversal server zones fit "{zone.name}" ({wanted}): {places}'
