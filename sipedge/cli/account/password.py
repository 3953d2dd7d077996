"""``sipedge account password``: a new password for an account of the console."""

from __future__ import annotations

import click

from sipedge.cli.arguments import CONFIG, NEW_PASSWORD


@click.command()
@CONFIG
@click.argument("name")
@NEW_PASSWORD
def command(config: str, name: str, password_file: str | None) -> int:
    """Give an account of the console of CONFIG a new password, and end its sessions.

    Exit status: 0 done, 1 there is no such account, or the password cannot be one, 2 CONFIG is broken or a file
    cannot be read or written.
    """
    from .password_run import run

    return run(config, name, password_file)
