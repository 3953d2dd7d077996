"""One difference between two plans, as it is shown."""

from __future__ import annotations

from typing import Any

import click

from dialplan.analysis import Difference, likewise_text, route_text
from dialplan.check import query_json, query_text
from dialplan.search.search import Explanation


def print_difference(difference: Difference) -> None:
    click.echo(click.style(query_text(difference.witness), bold=True))
    if likewise := likewise_text(difference.conditions):
        click.echo(f"    and likewise {likewise}")
    click.echo(click.style(f"    - {route_text(difference.old)}", fg="red"))
    click.echo(click.style(f"    + {route_text(difference.new)}", fg="green"))


def difference_json(difference: Difference) -> dict[str, Any]:
    return {
        **query_json(difference.witness),
        "conditions": [
            {"zone": condition.source, "traffic": condition.traffic.value, "authenticated": condition.authenticated}
            for condition in difference.conditions
        ],
        "old": _route_json(difference.old),
        "new": _route_json(difference.new),
    }


def _route_json(explanation: Explanation) -> dict[str, Any]:
    members = explanation.to_json()
    return {key: members[key] for key in ("transform", "searched", "tiers")}
