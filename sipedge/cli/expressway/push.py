"""``sipedge expressway push``: a plan becomes the rules of a live box."""

from __future__ import annotations

from typing import Any

import click

from sipedge.cli.arguments import DUMP, FILE, HOSTS, box_account


@click.command()
@click.argument("plan", type=FILE)
@HOSTS
@DUMP
@click.option("--write", is_flag=True, help="Write; without it nothing is written.")
@click.option("--keep", metavar="FILE", type=FILE, help="With --write: a new file for the plan as the box has it now.")
@click.option(
    "--patience",
    metavar="SECONDS",
    type=click.FloatRange(0, 3600),
    default=120.0,
    show_default=True,
    help="How long a peer may take to get a write.",
)
@box_account
def command(**options: Any) -> int:
    """Change the search rules of a box into those of PLAN (edge.toml or *.dialplan), one write after the other.

    What would be routed differently is printed, and an order of writes in which, after each of them, every request
    goes as the box has it now or as PLAN has it; that is proved. Where no such order exists, a request that would be
    misrouted is printed, and nothing is written. Each write is read back and waited for on every HOST; the first
    surprise ends the push. System generated rules are never touched.

    HOST: as for pull; with --write, all peers of the cluster.

    Exit status: 0 done, or could be done; 1 no order, or a surprise; 2 the box or PLAN cannot be used.
    """
    from .push_run import Options, run

    return run(Options(**options))
