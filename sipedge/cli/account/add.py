"""``sipedge account add``: somebody may use the console."""

from __future__ import annotations

from typing import Any

import click

from sipedge.cli.arguments import CONFIG, NEW_PASSWORD


@click.command()
@CONFIG
@click.argument("name")
@click.option("--role", default="auditor", show_default=True, help="auditor reads, operator drafts, admin applies.")
@NEW_PASSWORD
def command(**options: Any) -> int:
    """Give somebody an account at the console of CONFIG; the first one closes it to all others.

    Exit status: 0 done, 1 there is such an account, or the name or password cannot be one, 2 CONFIG is broken or
    a file cannot be read or written.
    """
    from .add_run import Options, run

    return run(Options(**options))
