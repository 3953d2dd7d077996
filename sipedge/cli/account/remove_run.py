"""An account removed."""

from __future__ import annotations

import click

from .opened import opened


def run(config: str, name: str) -> int:
    with opened(config) as console:
        console.accounts.remove(name)
        console.note("account removed", name)
    click.echo(f"{name} has no account any more")
    return 0
