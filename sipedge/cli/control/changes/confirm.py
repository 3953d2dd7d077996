"""``sipedge confirm``: what was loaded on trial stays."""

from __future__ import annotations

import click

from sipedge.cli.arguments import edge


@click.command()
@edge
def command(config: str) -> int:
    """Keep the configuration that was loaded with --confirm-within.

    Exit status: 0 it stays, 1 nothing waits to be confirmed, 2 the edge cannot be reached.
    """
    from .confirm_run import run

    return run(config)
