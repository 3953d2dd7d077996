"""What is to be examined, from the command line and a configuration."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from sipedge.cli.configuration import load
from sipedge.doctor.facts.options import Bounds, CallDirection, Options
from sipedge.doctor.installation import options_of
from sipedge.settings import Certificate, DnsSettings
from sipedge.sip.uri import UriError, split_host_port
from zones.addresses import canonical_address, may_connect

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
    federation_routing: tuple[str, ...],
    services: tuple[str, ...],
    timeout: float,
) -> Options:
    """``without_domain``: there may be nothing to examine. Raises click.UsageError."""
    known = options_of(load(config)) if config else Options()
    examined = domains or known.domains or (known.own_domains if dns else ())
    if not examined and not config and not without_domain:
        raise click.UsageError("a DOMAIN is missing (or --config FILE, or --explain TRACE)")
    if key and not client_certificate:
        raise click.UsageError("--key is of no use without --client-certificate")
    given = Certificate(client_certificate, key or client_certificate) if client_certificate else None
    return replace(
        known,
        domains=examined,
        direction=CallDirection(direction),
        dns=DnsSettings((dns,)) if dns else known.dns,
        inside_dns=DnsSettings((inside_dns,)) if inside_dns else known.inside_dns,
        trusted=ca or known.trusted,
        client=given or known.client,
        own_domains=senders or known.own_domains,
        routing_names=federation_routing or known.routing_names,
        services=tuple((service, domain) for service in services for domain in examined),
        allow_loopback=known.allow_loopback or _on_loopback(filter(None, (dns, inside_dns))),
        bounds=Bounds(whole=timeout),
    )


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
