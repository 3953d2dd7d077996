"""Reading the configuration for a command, and saying what is wrong with it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from dialplan.problem import DialplanError, Problem
    from sipedge.config import ConfigError
    from sipedge.settings import Settings

CONFIG = click.argument("config", type=click.Path(dir_okay=False))


def load(config: str) -> Settings:
    """The configuration, without making a file; prints all errors and ends with status 1 when it is broken."""
    from sipedge.config import ConfigError, load_config

    try:
        return load_config(config, create_secret=False)
    except ConfigError as error:
        fail(error)


def fail(error: ConfigError | DialplanError) -> NoReturn:
    """Every error on standard error, then the end with status 1."""
    print_problems(error.problems)
    sys.exit(1)


def print_problems(problems: Sequence[Problem]) -> None:
    """On standard error: the place in bold and the caret in red where that is a terminal, then how many there are."""
    for problem in problems:
        click.echo(_coloured(str(problem)), err=True)
    click.echo(f"sipedge: {len(problems)} error{'s' if len(problems) > 1 else ''}", err=True)


def _coloured(text: str) -> str:
    first, *rest = text.split("\n")
    lines = [click.style(line, fg="red") if line.strip() == "^" else line for line in rest]
    return "\n".join([click.style(first, bold=True), *lines])
