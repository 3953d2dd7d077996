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


@command.command()
@click.argument("plan", type=FILE)
@HOSTS
@DUMP
@click.option("--write", is_flag=True, help="Write; without it nothing is written.")
@click.option("--keep", metavar="FILE", type=FILE, help="With --write: a new file for the plan as the box has it now.")
@click.option(
    "--patience",
    metavar="SECONDS",
    type=click.FloatRange(0, 3600),
    default=120.0,
    show_default=True,
    help="How long a peer may take to get a write.",
)
@account
def push(**options: Any) -> int:
    """Change the search rules of a box into those of PLAN (edge.toml or *.dialplan), one write after the other.

    What would be routed differently is printed, and an order of writes in which, after each of them, every request
    goes as the box has it now or as PLAN has it; that is proved. Where no such order exists, a request that would be
    misrouted is printed, and nothing is written. Each write is read back and waited for on every HOST; the first
    surprise ends the push. System generated rules are never touched.

    HOST: as for pull; with --write, all peers of the cluster.

    Exit status: 0 done, or could be done; 1 no order, or a surprise; 2 the box or PLAN cannot be used.
    """
    from .push_run import Options, run

    return run(Options(**options))
