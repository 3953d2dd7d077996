"""``sipedge anonymise``: a trace that can be given away."""

from __future__ import annotations

from typing import Any

import click

from sipedge.cli.arguments import FILE, KEYLOG, NAMES, TRACES


@click.command()
@TRACES
@click.option("-o", "--output", required=True, metavar="OUT", type=FILE, help="What to write.")
@click.option("--config", metavar="CONFIG", type=FILE, help="Keep the routing classes of CONFIG.")
@click.option("--key", metavar="TEXT", help="The same key makes the same pseudonyms; else they are drawn anew.")
@NAMES
@KEYLOG
def command(**options: Any) -> int:
    """Replace names, numbers, hosts, addresses, keys and bodies, the same ones everywhere alike; keep all lengths.

    OUT is a capture when its name ends in .pcap, else JSON lines as the edge writes them; "sipedge replay" and the
    others read both. With CONFIG what its rules name stays and every alias keeps its routing class; both traces are
    replayed to prove it.

    Exit status: 0 good, 1 decisions differ, 2 nothing was readable, OUT cannot be written or CONFIG is broken.
    """
    from .anonymise_run import Options, run

    return run(Options(**options))
