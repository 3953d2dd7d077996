"""``sipedge close``: end a connection."""

from __future__ import annotations

import click

from sipedge.cli.arguments import edge_and


@click.command()
@edge_and("NUMBER", click.IntRange(1))
def command(asked: tuple[str, int]) -> int:
    """Have the running edge close a connection, by the number that `sipedge status` shows.

    What is queued for the peer is sent first. Transactions go on, as after any loss of a connection.

    Exit status: 0 closed, 1 there is no such connection, 2 the edge cannot be reached.
    """
    from .close_run import run

    return run(*asked)
