"""A password changed."""

from __future__ import annotations

import click

from .opened import new_password, opened


def run(config: str, name: str, password_file: str | None) -> int:
    with opened(config) as console:
        console.accounts.give_password(name, new_password(password_file))
        console.note("password changed", name)
    click.echo(f"{name} has a new password, and no session")
    return 0
