"""``sipedge messages``: every SIP message of captures and logs."""

from __future__ import annotations

from typing import Any

import click

from sipedge.cli.arguments import FILE, KEYLOG, TRACES, filters


@click.command()
@TRACES
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a message.")
@click.option("--raw", metavar="DIR", type=click.Path(file_okay=False), help="Write each message to DIR/<index>.sip.")
@click.option("--show", metavar="N", multiple=True, type=click.IntRange(1), help="Print message N as a whole.")
@click.option(
    "--unmask", metavar="CONFIG", multiple=True, type=FILE, help="Open what this edge has sealed for its hidden zones."
)
@filters
@KEYLOG
def command(**options: Any) -> int:
    """List the SIP messages of captures (pcap, pcapng) and logs; the format is found out from the content.

    Of an edge's log of decisions ([log] decisions) it lists what was decided about which request, and what came of it.

    A message that had to be rebuilt, because the log lost line ends or order, is marked with * (exact: false). So is
    one that --unmask has opened.

    The filters choose whole dialogs, all demands have to be met; a message keeps its number.

    Exit status: 0 good, 1 no dialog is as asked for, 2 nothing was readable, or there is no message N. What was passed
    over is said on standard error.
    """
    from .messages_run import Options, run

    return run(Options(**options))
