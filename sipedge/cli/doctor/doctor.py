"""``sipedge doctor``: does a SIP domain meet what Microsoft demands of a federation partner?"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from sipedge.doctor import Options, Report


@click.command()
@click.argument("domains", nargs=-1, metavar="[DOMAIN]...")
@click.option("--config", type=click.Path(dir_okay=False), help="An edge.toml: its domains, zones, DNS, certificates.")
@click.option(
    "--direction",
    type=click.Choice(["inbound", "outbound", "both"]),
    default="both",
    show_default=True,
    help="Inbound: a partner calls DOMAIN; outbound: DOMAIN calls a partner.",
)
@click.option("--dns", metavar="ADDRESS[:PORT]", help="The DNS server to ask (the outside view).")
@click.option("--inside-dns", metavar="ADDRESS[:PORT]", help="The DNS server of the inside view.")
@click.option("--ca", type=click.Path(dir_okay=False), help="PEM file of trusted CAs; else the system's.")
@click.option("--client-certificate", type=click.Path(dir_okay=False), help="PEM file to present, chain included.")
@click.option("--key", type=click.Path(dir_okay=False), help="Its private key; else it is in the same file.")
@click.option("--from", "senders", multiple=True, metavar="DOMAIN", help="SIP domain that the certificate speaks for.")
@click.option("--federation-routing", multiple=True, metavar="FQDN", help="A Federation Routing IM/P FQDN.")
@click.option("--service", "services", multiple=True, metavar="NAME", help="A further SRV record, such as _sips._tcp.")
@click.option("--timeout", type=click.FloatRange(1, 600), default=60.0, show_default=True, help="Seconds for all.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--nagios", is_flag=True, help="Print one line with performance data.")
@click.option("--explain", "trace", metavar="TRACE", help="Say what went wrong in a capture or log; - is stdin.")
@click.option("--examine", "and_examine", is_flag=True, help="With --explain: run the checks that it points to.")
def command(as_json: bool, nagios: bool, trace: str | None, and_examine: bool, **given: Any) -> int:
    """Look at the DNS, the certificates and the answers of DOMAINs as a Microsoft Edge does.

    Each check says what was seen, what was expected, what the fault looks like on Microsoft's side, and how to mend
    it. With --config and no DOMAIN: all domains and zones of the installation.

    Exit status: 0 nothing failed (there may be warnings), 1 something failed or could not be looked up at all, 2 the
    command line. With --nagios: 0 ok, 1 warning, 2 critical, 3 unknown. With --explain: 0 no refusal found, 1 some.
    """
    from .options import make_options

    options = make_options(trace is not None, **given)
    if trace is not None:
        from .explain import explain

        return explain(trace, options, as_json, and_examine)
    report = run_examination(options, quiet=as_json or nagios)
    if nagios:
        status, line = report.nagios()
        click.echo(line)
        return status
    if as_json:
        click.echo(json.dumps(report.to_json()))
    else:
        from .table import print_report

        print_report(report)
    return 0 if report.good else 1


def run_examination(options: Options, *, quiet: bool) -> Report:
    """With a progress display on a terminal, unless ``quiet``."""
    from sipedge.doctor import DoctorError, examine
    from sipedge.network.resolver import ResolverError

    from .table import progress

    try:
        with progress(shown=not quiet and sys.stderr.isatty()) as tell:
            return asyncio.run(examine(options, tell))
    except (DoctorError, ResolverError) as error:
        raise click.UsageError(str(error)) from None
