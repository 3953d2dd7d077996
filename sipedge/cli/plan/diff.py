"""``sipedge diff``: what would be routed differently?"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from dialplan.analysis import Conditions, Difference, Sender
    from dialplan.search.search import Explanation
    from sipedge.cli.plans import LoadedPlan

UNUSABLE = 2
"""Exit status: a plan is broken, so there is nothing to compare."""
MOST_SHOWN = 6
"""Zones that are named in one line for people."""


@click.command()
@click.argument("old", type=click.Path(dir_okay=False))
@click.argument("new", type=click.Path(dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each difference.")
def command(old: str, new: str, as_json: bool) -> int:
    """Compare what two plans do: every class of requests that NEW routes differently than OLD, each with an example.

    OLD and NEW are configurations (edge.toml) or dial plans (*.dialplan). Nothing is printed when they mean the same,
    however they are written. What cannot be proved is said.

    Exit status: 0 the same, 1 different (or not proved to be the same), 2 a plan cannot be used.
    """
    from dialplan.analysis import compare

    before, after = _load(old), _load(new)
    comparison = compare(before.plan, after.plan, _senders(before, after))
    for difference in comparison.differences:
        if as_json:
            click.echo(json.dumps(_to_json(difference)))
        else:
            _print(difference)
    for text in comparison.unproved:
        click.echo(json.dumps({"not_proved": text}) if as_json else f"not proved: {text}")
    return 1 if comparison.differences or comparison.unproved else 0


def _load(file: str) -> LoadedPlan:
    from dialplan.problem import DialplanError
    from sipedge.cli.configuration import print_problems
    from sipedge.cli.plans import load_plan
    from sipedge.config import ConfigError

    try:
        return load_plan(file)
    except (ConfigError, DialplanError) as error:
        print_problems(error.problems)
        sys.exit(UNUSABLE)


def _senders(old: LoadedPlan, new: LoadedPlan) -> list[Sender] | None:
    """What a zone can send by either configuration."""
    from dialplan.analysis import Sender

    if old.senders is None or new.senders is None:
        return None
    merged: dict[str, Sender] = {}
    for one in (*old.senders, *new.senders):
        known = merged.get(one.name, one)
        merged[one.name] = Sender(one.name, known.authenticated | one.authenticated, known.traffic | one.traffic)
    return list(merged.values())


def _to_json(difference: Difference) -> dict[str, Any]:
    from dialplan.check import query_json

    def went(explanation: Explanation) -> dict[str, Any]:
        found = explanation.to_json()
        return {key: found[key] for key in ("transform", "searched", "tiers")}

    return {
        **query_json(difference.witness),
        "conditions": [
            {"zone": one.source, "traffic": one.traffic.value, "authenticated": one.authenticated}
            for one in difference.conditions
        ],
        "old": went(difference.old),
        "new": went(difference.new),
    }


def _print(difference: Difference) -> None:
    from dialplan.check import query_text

    click.echo(click.style(query_text(difference.witness), bold=True))
    if len({(one.source, one.traffic) for one in difference.conditions}) > 1:
        click.echo(f"    and likewise {_likewise(difference.conditions)}")
    click.echo(click.style(f"    - {_went(difference.old)}", fg="red"))
    click.echo(click.style(f"    + {_went(difference.new)}", fg="green"))


def _likewise(conditions: tuple[Conditions, ...]) -> str:
    """All conditions in a few words."""
    zones = list(dict.fromkeys(one.source for one in conditions))
    traffic = list(dict.fromkeys(one.traffic.value for one in conditions))
    shown = ", ".join(f'"{zone}"' for zone in zones[:MOST_SHOWN])
    more = f" and {len(zones) - MOST_SHOWN} more" if len(zones) > MOST_SHOWN else ""
    return f"from {shown}{more}; {', '.join(traffic)}"


def _went(explanation: Explanation) -> str:
    """``zone "A" as x (rule "r"); then zone "B"``."""
    if not explanation.tiers:
        return "nowhere: 404 Not Found"
    tiers = []
    for tier in explanation.tiers:
        targets = [
            f'zone "{one.zone}"'
            + (f" as {one.alias}" if one.alias != explanation.alias else "")
            + f' (rule "{one.rule}")'
            for one in tier.targets
        ]
        tiers.append(" and ".join(targets))
    return "; then ".join(tiers)
