"""``sipedge history``: what a running edge has decided."""

from __future__ import annotations

from typing import Any

import click

from sipedge.cli.arguments import edge


@click.command()
@edge
@click.option("--alias", default="", metavar="TEXT", help="Decisions with TEXT in the alias or the Request-URI.")
@click.option("--rule", default="", metavar="NAME", help="Decisions that this rule had a part in.")
@click.option("--zone", default="", metavar="ZONE", help="Requests that came from this zone or went there.")
@click.option("--call-id", default="", metavar="TEXT", help="Requests whose Call-ID holds TEXT.")
@click.option("--status", default="", metavar="STATUS", help="Requests with such a final status: 504, 5xx.")
@click.option("--failed", is_flag=True, help="Requests with a final status of 400 or more.")
@click.option("--last", type=click.IntRange(1), metavar="N", help="The newest N of them.")
@click.option("--follow", is_flag=True, help="Go on with each further decision, until Ctrl-C.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def command(**options: Any) -> int:
    """Print the decisions that the running edge keeps in memory, oldest first, as `locate` prints them.

    The tree is made here, by the search that the edge itself uses, with the dial plan that was in force. How many
    decisions are kept is `history` under [edge]. CONFIG is the configuration of the edge, or its control socket; with
    the former, a Call-ID that a hidden zone has sealed is opened, if you may read the
    secret.

    Exit status: 0 there are some, 1 there is none, 2 the edge cannot be reached.
    """
    from .history_run import Options, run

    return run(Options(**options))
