"""Processes restarted for changes that waited."""

from __future__ import annotations

import click

from sipedge.cli.control.asking import ask
from sipedge.control.requests import Restart


def run(config: str) -> int:
    _, restarted = ask(config, Restart())
    for name in restarted["restarted"]:
        click.echo(f"{name} is being restarted")
    return 0
