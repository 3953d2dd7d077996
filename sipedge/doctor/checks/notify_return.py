"""Does a NOTIFY to the federation-routing FQDN match a rule of the dial plan? The edge's own search says so. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dialplan.model import Query, Traffic
from sipedge.decision.routing import alias_of_uri
from sipedge.settings import Settings
from sipedge.sip.uri import parse_uri
from zones.table import comes_back_by
from zones.zone import AnyZone, DnsZone, TraversalClientZone, TraversalServerZone

from .result import About, Result

CHECK = "sip.notify-return"


def check_notify_return(settings: Settings, routing_name: str, partners: Iterable[str]) -> list[Result]:
    """One result for each zone where a partner's NOTIFY comes in. ``partners``: SIP domains of the other side."""
    alias = alias_of_uri(parse_uri(f"sip:{routing_name}:5061;transport=tls"), settings.keep_uri_parameters)
    zones = {comes_back_by(zone): zone for zone in outgoing_zones(settings, partners)}
    if not zones:
        about = About(routing_name)
        return [about.failed(CHECK, "no zone leads to partners, so none brings a NOTIFY from them")]
    return [
        _by_route(routing_name, source)
        if zone.record_route_subscribe
        else _search(settings, routing_name, alias, source)
        for source, zone in zones.items()
    ]


def _by_route(routing_name: str, source: str) -> Result:
    about = About(routing_name, f'from zone "{source}"')
    return about.ok(CHECK, "SUBSCRIBE is record-routed to this zone: its NOTIFY follows the Route and needs no rule")


def _search(settings: Settings, routing_name: str, alias: str, source: str) -> Result:
    about = About(routing_name, f'from zone "{source}"')
    explanation = settings.plan.search(Query(alias, source, Traffic.MICROSOFT_IMP))
    ways = [
        f'rule "{target.rule}" to zone "{target.zone}"'
        for tier in explanation.tiers
        for target in tier.targets
        if target.zone != source
    ]
    if ways:
        return about.ok(CHECK, f"{alias}: {'; '.join(ways)}")
    return about.failed(CHECK, f"no search rule matches {alias}: 404 Not Found")


def outgoing_zones(settings: Settings, partners: Iterable[str]) -> list[AnyZone]:
    """The zones that requests for partners go to.

    When no partner is named: DNS zones where there are any (the outside edge), else traversal zones (the inside one).
    """
    return [zone for partner in partners for zone in _outgoing(settings, partner)] or _guessed(settings)


def _outgoing(settings: Settings, partner: str) -> Iterator[AnyZone]:
    zones = {zone.name: zone for zone in settings.zones}
    for source in zones:
        explanation = settings.plan.search(Query(f"doctor@{partner}", source, Traffic.MICROSOFT_IMP))
        for tier in explanation.tiers:
            for target in tier.targets:
                if target.zone in zones and target.zone != source:
                    yield zones[target.zone]


def _guessed(settings: Settings) -> list[AnyZone]:
    outside: list[AnyZone] = [zone for zone in settings.zones if isinstance(zone, DnsZone)]
    traversal: list[AnyZone] = [
        zone for zone in settings.zones if isinstance(zone, TraversalClientZone | TraversalServerZone)
    ]
    return outside or traversal
