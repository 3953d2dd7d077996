"""``sipedge expressway pull``: a live box becomes our configuration."""

from __future__ import annotations

from typing import Any

import click

from sipedge.cli.arguments import DUMP, HOSTS, box_account


@click.command()
@HOSTS
@click.option("-o", "--output", required=True, metavar="DIR", type=click.Path(file_okay=False), help="Where to write.")
@DUMP
@box_account
def command(**options: Any) -> int:
    """Read search rules, transforms, zones, domains and SIP settings of a box and write what import expressway writes.

    HOST is a name or an address that the box's certificate has, with :PORT if it is not 443; several are peers of one
    cluster. The box is asked by GET alone. Files that are there are not overwritten.

    Exit status: 0 done, 2 the box cannot be read or a file cannot be written.
    """
    from .pull_run import Options, run

    return run(Options(**options))
