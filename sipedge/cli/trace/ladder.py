"""``sipedge ladder``: who said what to whom, as a picture."""

from __future__ import annotations

from typing import Any

import click

from sipedge.cli.arguments import FILE, KEYLOG, NAMES, TRACES, filters


@click.command()
@TRACES
@filters
@click.option(
    "--config",
    "configs",
    metavar="CONFIG",
    multiple=True,
    type=FILE,
    help="Say the rule that decides; open what was sealed.",
)
@NAMES
@click.option("--limit", default=2000, show_default=True, type=click.IntRange(1), help="Messages drawn at most.")
@click.option("--svg", metavar="FILE", type=FILE, help="Write an SVG file instead.")
@click.option("--mermaid", is_flag=True, help="Print a Mermaid sequence diagram instead.")
@click.option("--diff", nargs=2, type=click.IntRange(1), metavar="N M", help="Compare two messages by their numbers.")
@KEYLOG
def command(**options: Any) -> int:
    """Draw the messages of captures and logs as a call flow: a column a party, a section a dialog, time downwards.

    Messages with one Call-ID are one dialog, on whatever hop they were seen; each has its number, as in "sipedge
    messages", and the seconds since the one before. What the logs of two boxes show of one hop is one arrow. --config
    may be said once for each edge; what its hidden zones have sealed is opened with its secret, so that both sides of
    a call are one dialog.

    Exit status: 0 good, 1 no dialog is as asked for, 2 nothing was readable.
    """
    from .ladder_run import Options, run

    return run(Options(**options))
