"""Dial plans and case files laid out anew."""

from __future__ import annotations

from collections.abc import Sequence

import click

from dialplan.cases.parser import format_cases
from dialplan.language.format import format_dialplan
from dialplan.problem import DialplanError
from sipedge.cli.files import read_text, replace_text
from sipedge.cli.problems import print_problems


def run(files: Sequence[str], check: bool) -> int:
    """The exit status: 0 done, 1 a file would change (with ``check``), 2 a file has a mistake."""
    status = 0
    for file in files:
        text = read_text(file)
        try:
            new = (format_cases if file.endswith(".cases") else format_dialplan)(text, file)
        except DialplanError as error:
            print_problems(error.problems)
            status = 2
            continue
        if new == text:
            continue
        if check:
            click.echo(f"{file}: would change")
            status = status or 1
        else:
            replace_text(file, new)
            click.echo(f"{file}: laid out")
    return status
