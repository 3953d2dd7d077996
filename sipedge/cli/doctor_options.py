"""What is to be examined, from the command line and a configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sipedge.doctor.options import Bounds, Direction, Options
from sipedge.settings import Certificate, DnsSettings, Settings
from sipedge.uri import UriError, split_host_port
from zones.addresses import canonical_address, may_connect
from zones.zone import DefaultZone, DnsZone

from .configuration import load

if TYPE_CHECKING:
    from collections.abc import Iterable


def make_options(
    without_domain: bool,
    *,
    domains: tuple[str, ...],
    config: str | None,
    direction: str,
    dns: str | None,
    inside_dns: str | None,
    ca: str | None,
    client_certificate: str | None,
    key: str | None,
    senders: tuple[str, ...],
    federation_routing: str | None,
    services: tuple[str, ...],
    timeout: float,
) -> Options:
    """``without_domain``: there may be nothing to examine. Raises click.UsageError."""
    settings = load(config) if config else None
    examined = domains or (settings.domains if settings else ())
    if not examined and not without_domain:
        raise click.UsageError("a DOMAIN is missing (or --config FILE, or --explain TRACE)")
    if key and not client_certificate:
        raise click.UsageError("--key is of no use without --client-certificate")
    outside = DnsSettings((dns,)) if dns else settings.dns if settings else DnsSettings()
    return Options(
        domains=examined,
        direction=Direction(direction),
        dns=outside,
        inside_dns=DnsSettings((inside_dns,)) if inside_dns else None,
        trusted=ca or (settings.tls.trusted if settings else ""),
        client=Certificate(client_certificate, key or client_certificate) if client_certificate else _own(settings),
        own_domains=senders or (settings.domains if settings else ()),
        routing_name=federation_routing or "",
        services=tuple((service, domain) for service in services for domain in examined),
        settings=settings,
        allow_loopback=_on_loopback(filter(None, (dns, inside_dns))) or _lab(settings),
        bounds=Bounds(whole=timeout),
    )


def _own(settings: Settings | None) -> Certificate | None:
    """What the edge presents on connections that it opens."""
    if settings is None:
        return None
    return settings.tls.client or next(iter(settings.tls.server), None)


def _on_loopback(servers: Iterable[str]) -> bool:
    """A DNS server on this very host, named on the command line, may send the doctor to this host."""
    for server in servers:
        try:
            address = canonical_address(server) or canonical_address(split_host_port(server)[0])
        except UriError as error:
            raise click.UsageError(f"DNS server {error}") from None
        if address and not may_connect(address, allow_loopback=False):
            return True
    return False


def _lab(settings: Settings | None) -> bool:
    zones = settings.zones if settings else ()
    return any(isinstance(zone, DnsZone | DefaultZone) and zone.allow_loopback for zone in zones)
