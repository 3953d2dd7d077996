"""What is to be examined, from the command line and a configuration; the report in the shape that was asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import click

from sipedge import doctor
from sipedge.cli.configuration import load
from sipedge.cli.printing import print_json
from sipedge.doctor.installation import options_of, options_of_zone
from sipedge.doctor.xmpp import xmpp_domain
from sipedge.settings import Certificate, DnsSettings
from sipedge.sip.uri import UriError, split_host_port
from zones.addresses import Allowed, canonical_address, forbidden

from .examination import run_examination
from .explain import explain
from .table import print_report


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """None and () leave it to the configuration, else to the doctor's own defaults; certificates are PEM files."""

    domains: tuple[str, ...]
    config: str | None
    zone: str
    """'': all."""
    direction: str
    dns: str | None
    """Address, perhaps with a port."""
    inside_dns: str | None
    ca: str | None
    client_certificate: str | None
    key: str | None
    """None: it is in the file of the certificate."""
    senders: tuple[str, ...]
    federation_routing: tuple[str, ...]
    services: tuple[str, ...]
    xmpp: tuple[str, ...]
    timeout: float
    """Seconds for all."""
    as_json: bool
    nagios: bool
    trace: str | None
    """A trace to explain, - for standard input; None examines."""
    examine: bool
    """What the trace points to."""


def run(options: Options) -> int:
    """The exit status: 0 nothing failed, 1 something did; Nagios's own with ``nagios``; see ``explain`` for a trace."""
    task = _task(options)
    if options.trace is not None:
        return explain(options.trace, task, as_json=options.as_json, and_examine=options.examine)
    report = run_examination(task, quiet=options.as_json or options.nagios)
    if options.nagios:
        status, line = report.nagios()
        click.echo(line)
        return status
    if options.as_json:
        print_json(report.to_json())
    else:
        print_report(report)
    return 0 if report.good else 1


def _task(options: Options) -> doctor.Options:
    """Raises click.UsageError."""
    known = _known(options)
    named = bool(options.domains or options.xmpp or options.zone)
    domains = options.domains if named else known.domains or (known.own_domains if options.dns else ())
    settings = known.settings
    xmpp = tuple(xmpp_domain(name, settings.xmpp if settings else None) for name in options.xmpp)
    if not named and not options.config and options.trace is None:
        raise click.UsageError("a DOMAIN is missing (or --config FILE, or --explain TRACE)")
    return replace(
        known,
        domains=domains,
        direction=doctor.CallDirection(options.direction),
        dns=DnsSettings((options.dns,)) if options.dns else known.dns,
        inside_dns=DnsSettings((options.inside_dns,)) if options.inside_dns else known.inside_dns,
        trusted=options.ca or known.trusted,
        client=_client(options) or known.client,
        own_domains=options.senders or known.own_domains,
        routing_names=options.federation_routing or known.routing_names,
        xmpp=xmpp if named else known.xmpp,
        web=() if named else known.web,
        services=tuple((service, domain) for service in options.services for domain in domains),
        allowed=allowed_by(known.allowed, filter(None, (options.dns, options.inside_dns))),
        bounds=doctor.Bounds(whole=options.timeout),
    )


def _known(options: Options) -> doctor.Options:
    """Raises click.UsageError."""
    if options.zone and (not options.config or options.domains or options.xmpp):
        raise click.UsageError("--zone needs --config FILE, and no DOMAIN beside it")
    if not options.config:
        return doctor.Options()
    settings = load(options.config)
    names = [zone.name for zone in settings.zones]
    if options.zone and options.zone not in names:
        raise click.UsageError(f'there is no zone "{options.zone}"; known: {", ".join(names)}')
    return options_of_zone(settings, options.zone) if options.zone else options_of(settings)


def _client(options: Options) -> Certificate | None:
    """Raises click.UsageError."""
    certificate = options.client_certificate
    if options.key and not certificate:
        raise click.UsageError("--key is of no use without --client-certificate")
    return Certificate(certificate, options.key or certificate) if certificate else None


def allowed_by(known: Allowed, servers: Iterable[str]) -> Allowed:
    """A DNS server named on the command line may send the doctor where it is itself: to this host, into its network."""
    for server in servers:
        try:
            address = canonical_address(server) or canonical_address(split_host_port(server)[0])
        except UriError as error:
            raise click.UsageError(f"DNS server {error}") from None
        loopback = bool(address and forbidden(address, Allowed(private=True)))
        private = bool(address and forbidden(address, Allowed(loopback=True)))
        known = replace(known, loopback=known.loopback or loopback, private=known.private or private)
    return known
