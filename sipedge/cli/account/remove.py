"""``sipedge account remove``: somebody may no longer use the console."""

from __future__ import annotations

import click

from sipedge.cli.arguments import CONFIG


@click.command()
@CONFIG
@click.argument("name")
def command(config: str, name: str) -> int:
    """Remove an account of the console of CONFIG with its sessions and tokens; the last admin stays.

    Exit status: 0 done, 1 there is no such account, or it is the last admin, 2 CONFIG is broken or a file cannot be
    written.
    """
    from .remove_run import run

    return run(config, name)
