"""``sipedge check``: is this configuration good?"""

from __future__ import annotations

import click

from .configuration import CONFIG, load


@click.command()
@CONFIG
def command(config: str) -> None:
    """Read CONFIG and everything it names; say all that is wrong.

    Exit status: 0 good, 1 broken.
    """
    settings = load(config)
    listeners, zones = len(settings.listeners), len(settings.zones)
    click.echo(f"{config}: good ({listeners} listeners, {zones} zones)")
