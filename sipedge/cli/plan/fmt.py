"""``sipedge fmt``: canonical layout."""

from __future__ import annotations

import click

from sipedge.cli.configuration import print_problems
from sipedge.cli.files import read_text, replace_text


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(dir_okay=False))
@click.option("--check", is_flag=True, help="Change nothing; name the files that would change.")
def command(files: tuple[str, ...], check: bool) -> int:
    """Lay out dial plans and case files (*.cases) anew: one field to a line, in one order, comments kept.

    A file with a mistake is left as it is.

    Exit status: 0 done, 1 a file has a mistake (or, with --check, would change), 2 a file cannot be read or written.
    """
    from dialplan.problem import DialplanError

    status = 0
    for file in files:
        text = read_text(file)
        try:
            new = _formatted(text, file)
        except DialplanError as error:
            print_problems(error.problems)
            status = 1
            continue
        if new == text:
            continue
        if check:
            click.echo(f"{file}: would change")
            status = 1
        else:
            replace_text(file, new)
            click.echo(f"{file}: laid out")
    return status


def _formatted(text: str, file: str) -> str:
    from dialplan.cases.parser import format_cases
    from dialplan.language.format import format_dialplan

    return (format_cases if file.endswith(".cases") else format_dialplan)(text, file)
