"""``sipedge audit``: who did what with the console."""

from __future__ import annotations

import click

from sipedge.cli.arguments import CONFIG


@click.command()
@CONFIG
@click.option("--last", default=20, show_default=True, type=click.IntRange(1), help="So many entries.")
def command(config: str, last: int) -> int:
    """Print the newest entries of the console's audit log, and say whether its chain of hashes is whole.

    Exit status: 0 it is whole, 1 a line was changed, removed or torn, 2 CONFIG is broken or a file cannot be read.
    """
    from .audit_run import run

    return run(config, last)
