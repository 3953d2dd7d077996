"""The doctor's options for an installation, from its configuration."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sipedge.doctor.facts.options import Options
from sipedge.doctor.facts.sip import NOBODY
from sipedge.settings import Certificate, DnsSettings, Settings
from zones.dns import allowed_in
from zones.zone import AnyZone, DnsZone, NeighborZone

from .web import web_names
from .xmpp import xmpp_domains


def options_of(settings: Settings) -> Options:
    """Its own domains and its partners', its zones, and all that it has for examining them.

    An edge without a DNS zone is an inside edge. It shows its certificate to no partner, and the DNS that it asks need
    not know its domains as the world does: its own domains are left to the outside edge.
    """
    doctor, xmpp = settings.doctor, settings.xmpp
    inside = doctor.inside_dns or (settings.web.dns_servers if settings.web else ())
    outside = any(isinstance(zone, DnsZone) for zone in settings.zones)
    return Options(
        domains=(*(settings.domains if outside else ()), *doctor.partners),
        faces_partners=outside,
        dns=settings.dns,
        inside_dns=DnsSettings(inside) if inside else None,
        trusted=settings.tls.trusted,
        client=presented(settings),
        own_domains=settings.domains,
        routing_names=(*doctor.federation_routing, *_routing_names(settings.zones)),
        xmpp=xmpp_domains(xmpp) if xmpp else (),
        xmpp_sender=xmpp.domains[0] if xmpp else settings.domains[0] if settings.domains else NOBODY,
        xmpp_chain_counts=xmpp is None or xmpp.require_client_certificates,
        web=web_names(settings),
        settings=settings,
        allowed=allowed_in(settings.zones),
    )


def options_of_zone(settings: Settings, name: str) -> Options:
    """The peers of one zone, its federation-routing FQDNs, and the certificate that the edge shows there."""
    routing_names = tuple(_routing_names(zone for zone in settings.zones if zone.name == name))
    whole = options_of(settings)
    return replace(whole, zone=name, domains=(), faces_partners=False, routing_names=routing_names, xmpp=(), web=())


def options_of_domain(settings: Settings, domain: str) -> Options:
    """One SIP domain, a partner's or an own one, with the certificate, trusted CAs and DNS of the installation."""
    return replace(options_of(settings), domains=(domain,), routing_names=(), xmpp=(), web=(), settings=None)


def presented(settings: Settings) -> Certificate | None:
    """What the edge presents on connections that it opens."""
    return settings.tls.client or next(iter(settings.tls.server), None)


def _routing_names(zones: Iterable[AnyZone]) -> list[str]:
    return [name for zone in zones if isinstance(zone, NeighborZone) for name in zone.federation_routing]
