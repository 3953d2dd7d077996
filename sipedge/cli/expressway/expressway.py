"""``sipedge expressway``: beside a live box."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from sipedge.cli.arguments import FILE

HOSTS = click.argument("hosts", metavar="HOST...", nargs=-1, required=True)
DUMP = click.option(
    "--dump", metavar="FILE", type=FILE, help="What the box prints for xConfiguration, for what the API does not give."
)


def account(command: Callable[..., int]) -> Callable[..., int]:
    """How a box is asked: ``user``, ``password_file`` and ``ca``."""
    for name, default, metavar, text in (
        ("--ca", None, "FILE", "CAs that vouch for the box; without it, those of the system."),
        ("--password-file", None, "FILE", "The password on the first line; without it you are asked."),
        ("--user", "admin", "NAME", "An administrator with access to the API."),
    ):
        command = click.option(name, default=default, metavar=metavar, help=text, show_default=default is not None)(
            command
        )
    return command


@click.group()
def command() -> None:
    """Read a live Expressway, prove what it does, and change its search rules in steps that are each proved."""


@command.command()
@HOSTS
@click.option("-o", "--output", required=True, metavar="DIR", type=click.Path(file_okay=False), help="Where to write.")
@DUMP
@account
def pull(**options: Any) -> int:
    """Read search rules, transforms, zones, domains and SIP settings of a box and write what import expressway writes.

    HOST is a name or an address that the box's certificate has, with :PORT if it is not 443; several are peers of one
    cluster. The box is asked by GET alone. Files that are there are not overwritten.

    Exit status: 0 done, 2 the box cannot be read or a file cannot be written.
    """
    from .pull_run import Options, run

    return run(Options(**options))
