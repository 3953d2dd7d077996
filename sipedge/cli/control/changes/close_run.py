"""A connection of a running edge, closed."""

from __future__ import annotations

import click

from sipedge.cli.control.asking import ask
from sipedge.control.requests import Close
from sipedge.printable import escaped


def run(config: str, connection: int) -> int:
    _, closed = ask(config, Close(connection))
    click.echo(escaped(f"connection {closed['connection']} with {closed['peer']} ({closed['zone']}) is closed"))
    return 0
