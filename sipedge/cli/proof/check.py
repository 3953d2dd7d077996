"""``sipedge check``: is this configuration good, and does its dial plan do what it seems to?"""

from __future__ import annotations

from typing import Any

import click

from sipedge.cli.arguments import FILE


@click.command()
@click.argument("files", metavar="CONFIG...", nargs=-1, required=True, type=FILE)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each finding (pair of edges).")
@click.option("--federation-routing", multiple=True, metavar="[ZONE=]FQDN", help="With a pair: what NOTIFY is for.")
@click.option("--partner", multiple=True, metavar="DOMAIN", help="With a pair: a SIP domain of the other side.")
def command(**options: Any) -> int:
    """Print every mistake in CONFIG and the files it names, and every rule that does not do what it seems to do.

    CONFIG may also be one dial plan (*.dialplan): then any zone may exist, and %localdomains% has some value.

    Several CONFIGs are edges of one federation: instead, prove that for every SUBSCRIBE that gets through a pair of
    them the NOTIFY finds its way back, or print the rule that is missing (docs/notify-return.md).

    docs/checks has a page for each finding, and says how to ignore one. What run would stumble over is found too.

    Exit status: 0 good (notes at most), 1 broken, errors or a lost NOTIFY, 3 warnings, 2 a file cannot be read.
    """
    from .check_run import Options, run

    return run(Options(**options))
