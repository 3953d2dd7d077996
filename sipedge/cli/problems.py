"""What is wrong in a file that a person wrote: on standard error, with its place."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from dialplan.problem import Problem

from .printing import amount, say

LEVEL_COLOURS = {"error": "red", "warning": "yellow", "note": "cyan"}
"""By how serious a finding is, the most serious first."""


def fail(problems: Sequence[Problem], status: int = 2) -> NoReturn:
    """Every problem on standard error, then the end of the command: it could not do what it was asked."""
    print_problems(problems)
    sys.exit(status)


def print_problems(problems: Sequence[Problem]) -> None:
    """On standard error: the place in bold and the caret in red where that is a terminal, then how many there are."""
    for problem in problems:
        place, *rest = str(problem).split("\n")
        click.echo("\n".join([click.style(place, bold=True), *map(caret_in_red, rest)]), err=True)
    say(amount(len(problems), "error"))


def caret_in_red(line: str) -> str:
    """The line as it is, unless it holds the caret only."""
    return click.style(line, fg="red") if line.strip() == "^" else line
