"""``sipedge status``: how a running edge is."""

from __future__ import annotations

import click

from sipedge.cli.arguments import AS_JSON, edge


@click.command()
@edge
@AS_JSON
def command(config: str, as_json: bool) -> int:
    """Say how the running edge is: configuration in force, zones, peers, connections, certificates, refusals.

    CONFIG is the configuration that the edge was started with, or its control socket.

    Exit status: 0 it answered, 2 it cannot be reached.
    """
    from .status_run import run

    return run(config, as_json)
