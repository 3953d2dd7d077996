"""``sipedge expressway drift``: what has changed on a live box."""

from __future__ import annotations

from typing import Any

import click

from sipedge.cli.arguments import DUMP, FILE, HOSTS, box_account


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False))
@HOSTS
@DUMP
@click.option("--other", nargs=2, metavar="DIR HOST[,HOST]", help="The box on the other side, in the same report.")
@click.option("--other-password-file", metavar="FILE", type=FILE, help="Its password, where it is another one.")
@click.option("--pair", multiple=True, metavar="CONFIG", type=FILE, help="An edge on the other side: its edge.toml.")
@click.option("--federation-routing", multiple=True, metavar="[ZONE=]FQDN", help="With a pair: what NOTIFY is for.")
@click.option("--partner", multiple=True, metavar="DOMAIN", help="With a pair: a SIP domain of the other side.")
@click.option("--cases", multiple=True, metavar="FILE", type=FILE, help="Cases and claims about edge.toml in DIR.")
@click.option("--node", multiple=True, metavar="HOST[:PORT]", help="Look at this node's certificate, too.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object.")
@click.option("--junit", metavar="FILE", type=FILE, help="Write the report as JUnit XML.")
@click.option("--html", metavar="FILE", type=FILE, help="Write it as a page, with the rules drawn.")
@click.option("--metrics", metavar="FILE", type=FILE, help="Write it as metrics for a textfile collector.")
@box_account
def command(**options: Any) -> int:
    """Say what has changed on a box since it was pulled into DIR, and whether what was proved still holds.

    One report: settings that changed; requests that go another way, each with an example; new findings of check;
    with --other or --pair whether every NOTIFY finds its way back; with --cases whether cases and claims hold;
    certificates that have no clientAuth, or lose it. Boxes are asked by GET alone; nothing in DIR is changed.

    What the API does not give is taken from DIR as it was, or from --dump.

    Exit status: 0 nothing changed and all is good, 1 not, 2 the box or a file cannot be read.
    """
    from .drift_run import Options, run

    return run(Options(**options))
