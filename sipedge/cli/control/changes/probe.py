"""``sipedge probe``: what the peers of a zone say to an OPTIONS."""

from __future__ import annotations

import click

from sipedge.cli.arguments import AS_JSON, edge_and


@click.command()
@edge_and("ZONE", click.STRING)
@AS_JSON
def command(asked: tuple[str, str], as_json: bool) -> int:
    """Have the running edge send an OPTIONS to each peer of ZONE (neighbor, traversal client) now.

    The answers count like those of the OPTIONS that the edge sends by itself: a peer may be alive again by them.

    Exit status: 0 every peer answered, 1 one did not, or the edge knows no peer there, 2 it cannot be reached.
    """
    from .probe_run import run

    return run(*asked, as_json)
