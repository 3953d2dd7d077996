"""``sipedge messages``: every SIP message of captures and logs."""

from __future__ import annotations

from typing import Any

import click

from sipedge.cli.arguments import KEYLOG, TRACES


@click.command()
@TRACES
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a message.")
@click.option("--raw", metavar="DIR", type=click.Path(file_okay=False), help="Write each message to DIR/<index>.sip.")
@KEYLOG
def command(**options: Any) -> int:
    """List the SIP messages of captures (pcap, pcapng) and logs; the format is found out from the content.

    A message that had to be rebuilt, because the log lost line ends or order, is marked with * (exact: false).

    Exit status: 0 good, 2 nothing was readable. What was passed over is said on standard error.
    """
    from .messages_run import Options, run

    return run(Options(**options))
