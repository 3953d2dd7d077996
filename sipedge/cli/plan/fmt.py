"""``sipedge fmt``: canonical layout."""

from __future__ import annotations

import click

from sipedge.cli.arguments import FILE


@click.command()
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("--check", is_flag=True, help="Change nothing; name the files that would change.")
def command(files: tuple[str, ...], check: bool) -> int:
    """Lay out dial plans and case files (*.cases) anew: one field to a line, in one order, comments kept.

    A file with a mistake is left as it is.

    Exit status: 0 done, 1 with --check a file would change, 2 a file has a mistake, or cannot be read or written.
    """
    from .fmt_run import run

    return run(files, check)
