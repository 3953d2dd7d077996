"""A configuration on trial, confirmed."""

from __future__ import annotations

import click

from sipedge.cli.control.asking import ask
from sipedge.control.requests import Confirm
from sipedge.control.words import short


def run(config: str) -> int:
    _, confirmed = ask(config, Confirm())
    click.echo(f"revision {short(confirmed['revision'])} stays in force")
    return 0
