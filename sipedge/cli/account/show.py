"""``sipedge account list``: who may use the console."""

from __future__ import annotations

import click

from sipedge.cli.arguments import CONFIG


@click.command(name="list")
@CONFIG
def command(config: str) -> int:
    """Print each account of the console of CONFIG with its role.

    Exit status: 0 there are some, 1 there is none, 2 CONFIG is broken or a file cannot be read.
    """
    from .show_run import run

    return run(config)
