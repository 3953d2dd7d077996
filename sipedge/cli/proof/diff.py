"""``sipedge diff``: what would be routed differently?"""

from __future__ import annotations

import click

from sipedge.cli.arguments import FILE


@click.command()
@click.argument("old", type=FILE)
@click.argument("new", type=FILE)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each difference.")
def command(old: str, new: str, as_json: bool) -> int:
    """Compare what two plans do: every class of requests that NEW routes differently than OLD, each with an example.

    OLD and NEW are configurations (edge.toml) or dial plans (*.dialplan). Nothing is printed when they mean the same,
    however they are written. What cannot be proved is said.

    Exit status: 0 the same, 1 different (or not proved to be the same), 2 a plan cannot be used.
    """
    from .diff_run import run

    return run(old, new, as_json)
