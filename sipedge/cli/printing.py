"""Lines that every command prints alike."""

from __future__ import annotations

import json

import click

from sipedge.printable import escaped


def print_json(value: object) -> None:
    """One JSON value on a line of its own."""
    click.echo(json.dumps(value))


def say(line: str) -> None:
    """One line on standard error."""
    click.echo(f"sipedge: {escaped(line)}", err=True)


def amount(number: int, noun: str) -> str:
    """``1 request``, ``2 requests``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
