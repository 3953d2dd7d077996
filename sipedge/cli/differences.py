"""One difference between two plans, as it is shown."""

from __future__ import annotations

import click

from dialplan.analysis import Difference
from dialplan.check import query_text
from sipedge.queries.differences import likewise_text, route_text


def print_difference(difference: Difference) -> None:
    click.echo(click.style(query_text(difference.witness), bold=True))
    if likewise := likewise_text(difference.conditions):
        click.echo(f"    and likewise {likewise}")
    click.echo(click.style(f"    - {route_text(difference.old)}", fg="red"))
    click.echo(click.style(f"    + {route_text(difference.new)}", fg="green"))
