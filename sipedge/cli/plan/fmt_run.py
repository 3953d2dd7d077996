"""Dial plans and case files laid out anew."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import unified_diff

import click

from dialplan.cases.parser import format_cases
from dialplan.language.format import format_dialplan
from dialplan.problem import DialplanError
from sipedge.cli.files import read_text, replace_text
from sipedge.cli.problems import print_problems

STANDARD_INPUT = "-"
_CASES = re.compile(r"(?:\s|#[^\n]*\n)*plan\s", re.IGNORECASE)


def run(files: Sequence[str], check: bool, diff: bool) -> int:
    """The exit status: 0 done, 1 a file would change (with ``check`` or ``diff``), 2 a file has a mistake."""
    status = 0
    for file in files:
        text = read_text(file)
        try:
            new = _laid_out(text, file)
        except DialplanError as error:
            print_problems(error.problems)
            status = 2
            continue
        if check or diff:
            status = max(status, _compare(file, text, new, diff))
        elif file == STANDARD_INPUT:
            click.echo(new, nl=False)
        elif new != text:
            replace_text(file, new)
            click.echo(f"{file}: laid out")
    return status


def _laid_out(text: str, file: str) -> str:
    """Raises DialplanError. TOML has no layout of its own here."""
    if file.endswith(".toml"):
        raise click.UsageError(f'"{file}" is TOML: fmt lays out dial plans and case files')
    cases = file.endswith(".cases") or file == STANDARD_INPUT and _CASES.match(text) is not None
    return (format_cases if cases else format_dialplan)(text, file)


def _compare(file: str, text: str, new: str, diff: bool) -> int:
    """The exit status for one file, which stays as it is."""
    if new == text:
        return 0
    if not diff:
        click.echo(f"{file}: would change")
        return 1
    for line in unified_diff(text.splitlines(True), new.splitlines(True), file, file):
        click.echo(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n", nl=False)
    return 1
