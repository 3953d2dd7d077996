"""``sipedge fmt``: canonical layout."""

from __future__ import annotations

import click


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(dir_okay=False, allow_dash=True))
@click.option("--check", is_flag=True, help="Change nothing; name the files that would change.")
@click.option("--diff", is_flag=True, help="Change nothing; print what would change, as a patch.")
def command(files: tuple[str, ...], check: bool, diff: bool) -> int:
    """Lay out dial plans and case files (*.cases) anew: one field to a line, in one order, comments kept.

    A file with a mistake is left as it is. With - the text comes from standard input, and the new one goes to standard
    output; it is a case file if its first word is plan, and else a dial plan.

    Exit status: 0 done, 1 with --check or --diff a file would change, 2 a file has a mistake or cannot be read.
    """
    from .fmt_run import run

    return run(files, check, diff)
