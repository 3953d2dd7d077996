"""Accounts printed."""

from __future__ import annotations

import click

from .opened import opened


def run(config: str) -> int:
    with opened(config) as console:
        accounts = console.accounts.all()
    for account in accounts:
        click.echo(f"{account.name} {account.role}{f' by {account.issuer}' if account.issuer else ''}")
    return 0 if accounts else 1
