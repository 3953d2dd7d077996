"""Processes restarted for changes that waited."""

from __future__ import annotations

import click

from sipedge.control.requests import Restart

from .asking import ask


def run(config: str) -> int:
    _, restarted = ask(config, Restart())
    for name in restarted["restarted"]:
        click.echo(f"{name} is being restarted")
    return 0
