"""An account made."""

from __future__ import annotations

from dataclasses import dataclass

import click

from sipedge.accounts.roles import role_named

from .opened import new_password, opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    config: str
    name: str
    role: str
    password_file: str | None
    """None: it is asked for."""


def run(options: Options) -> int:
    try:
        role = role_named(options.role)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    with opened(options.config) as console:
        console.accounts.add(options.name, role, new_password(options.password_file))
        console.note("account added", f"{options.name}, {role}")
    click.echo(f"{options.name} is {role} of the console of {options.config}")
    return 0
