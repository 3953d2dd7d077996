"""A log printed with its tokens opened."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from sipedge.cli.plans import load_settings
from sipedge.cli.printing import say
from sipedge.queries.unmask import clear_of, unmasked

STANDARD_INPUT = "-"


def run(config: str, file: str) -> int:
    settings = load_settings(config)
    if settings.secret_made_up:
        raise click.UsageError(f'"{config}" has no secret here (secret_file): nothing can be opened')
    for line in unmasked(_lines(file), clear_of(settings, say)):
        click.echo(line, nl=False)
    return 0


def _lines(file: str) -> Iterator[str]:
    """Line by line, whatever bytes they hold. Captures are not lines: UsageError."""
    if file == STANDARD_INPUT:
        yield from sys.stdin
        return
    try:
        with open(file, encoding="utf-8", errors="surrogateescape", newline="\n") as stream:
            for number, line in enumerate(stream):
                if number == 0 and "\0" in line:
                    raise click.UsageError(f'"{file}" is no text: write it as lines first (sipedge messages --raw)')
                yield line
    except OSError as error:
        raise click.UsageError(f'"{file}" cannot be read: {error.strerror}') from None
