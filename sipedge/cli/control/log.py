"""``sipedge log``: what a running edge has logged."""

from __future__ import annotations

from typing import Any

import click

from sipedge.cli.arguments import edge

LEVELS = ["debug", "info", "warning", "error"]


@click.command()
@edge
@click.option("--level", type=click.Choice(LEVELS), default="debug", help="Lines of this level and worse ones.")
@click.option("--text", default="", metavar="TEXT", help="Lines with TEXT in them.")
@click.option("--last", type=click.IntRange(1), metavar="N", help="The newest N of them.")
@click.option("--follow", is_flag=True, help="Go on with each further line, until Ctrl-C.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def command(**options: Any) -> int:
    """Print the last 1,000 lines of the running edge's log, oldest first, wherever else they were written to.

    CONFIG is the configuration of the edge, or its control socket. Lines from before the start of the process that
    serves are in the journal only, and so is what `[edge]` was told not to log.

    Exit status: 0 there are some, 1 there is none, 2 the edge cannot be reached.
    """
    from .log_run import Options, run

    return run(Options(**options))
