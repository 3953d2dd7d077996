"""``sipedge doctor``: does a SIP domain meet what Microsoft demands of a federation partner?"""

from __future__ import annotations

from typing import Any

import click

from sipedge.cli.arguments import FILE


@click.command()
@click.argument("domains", nargs=-1, metavar="[DOMAIN]...")
@click.option("--config", type=FILE, help="An edge.toml: its domains, zones, DNS, certificates.")
@click.option("--zone", default="", metavar="NAME", help="With --config: only the peers of this zone.")
@click.option(
    "--direction",
    type=click.Choice(["inbound", "outbound", "both"]),
    default="both",
    show_default=True,
    help="Inbound: a partner calls DOMAIN; outbound: DOMAIN calls a partner.",
)
@click.option("--dns", metavar="ADDRESS[:PORT]", help="The DNS server to ask (the outside view).")
@click.option("--inside-dns", metavar="ADDRESS[:PORT]", help="The DNS server of the inside view.")
@click.option("--ca", type=FILE, help="PEM file of trusted CAs; else the system's.")
@click.option("--client-certificate", type=FILE, help="PEM file to present, chain included.")
@click.option("--key", type=FILE, help="Its private key; else it is in the same file.")
@click.option("--from", "senders", multiple=True, metavar="DOMAIN", help="SIP domain that the certificate speaks for.")
@click.option("--federation-routing", multiple=True, metavar="FQDN", help="A Federation Routing IM/P FQDN.")
@click.option("--service", "services", multiple=True, metavar="NAME", help="A further SRV record, such as _sips._tcp.")
@click.option("--xmpp", multiple=True, metavar="DOMAIN", help="An XMPP domain or chat node alias.")
@click.option("--timeout", type=click.FloatRange(1, 600), default=60.0, show_default=True, help="Seconds for all.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--nagios", is_flag=True, help="Print one line with performance data.")
@click.option("--explain", "trace", metavar="TRACE", help="Say what went wrong in a capture or log; - is stdin.")
@click.option("--examine", is_flag=True, help="With --explain: run the checks that it points to.")
def command(**options: Any) -> int:
    """Look at the DNS, the certificates and the answers of DOMAINs as a Microsoft Edge does.

    Each check says what was seen, what was expected, what the fault looks like on Microsoft's side, and how to mend
    it. With --config and no DOMAIN: all domains and zones of the installation. XMPP domains (--xmpp, or those of the
    configuration) are looked at as a server that federates with them does.

    Exit status: 0 nothing failed (there may be warnings), 1 something failed or could not be looked up at all, 2 the
    command line. With --nagios: 0 ok, 1 warning, 2 critical, 3 unknown. With --explain: 0 no refusal found, 1 some.
    """
    from .doctor_run import Options, run

    return run(Options(**options))
