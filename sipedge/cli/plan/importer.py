"""``sipedge import``: configurations of other products."""

from __future__ import annotations

import click

from sipedge.cli.arguments import FILE


@click.group()
def command() -> None:
    """Make a configuration and a dial plan out of another product's."""


@command.command()
@click.argument("xconfiguration", type=FILE)
@click.option("-o", "--output", required=True, metavar="DIR", type=click.Path(file_okay=False), help="Where to write.")
@click.option(
    "--certificates",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False),
    help="A folder with server.pem, server.key and trusted.pem; without it, stand-ins are made.",
)
def expressway(xconfiguration: str, output: str, certificates: str | None) -> int:
    """Read what an Expressway prints for xConfiguration and write edge.toml, edge.dialplan and report.txt into DIR.

    The report names everything that has no equal or another meaning here. Files that are there are not overwritten.

    Exit status: 0 done, 2 a file cannot be read or written.
    """
    from .importer_run import run

    return run(xconfiguration, output, certificates)
