"""Two plans compared, each difference with an example."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from dialplan.analysis import Conditions, Difference, Sender, compare
from dialplan.check import query_json, query_text
from dialplan.problem import DialplanError
from dialplan.search.search import Explanation
from sipedge.cli.plans import LoadedPlan, load_plan
from sipedge.cli.printing import print_json, say
from sipedge.cli.problems import fail
from sipedge.config import ConfigError

MOST_SHOWN = 6
"""Zones that are named in one line for people."""


def run(old: str, new: str, as_json: bool) -> int:
    """The exit status: 0 the same, 1 different or not proved to be the same. A broken plan ends with 2."""
    before, after = _load(old), _load(new)
    _tell_assumed(old, before, after)
    _tell_assumed(new, after, before)
    comparison = compare(before.plan, after.plan, _senders(before, after))
    for difference in comparison.differences:
        if as_json:
            print_json(_to_json(difference))
        else:
            _print(difference)
    for text in comparison.unproved:
        if as_json:
            print_json({"not_proved": text})
        else:
            click.echo(f"not proved: {text}")
    return 1 if comparison.differences or comparison.unproved else 0


def _tell_assumed(file: str, loaded: LoadedPlan, other: LoadedPlan) -> None:
    """A dial plan file beside a configuration has no domains of its own: differences may be about that alone."""
    dialplan = loaded.plan.dialplan
    patterns = [*(one.pattern for one in dialplan.transforms), *(one.pattern for one in dialplan.rules)]
    if loaded.senders is None and other.senders is not None and any("%" in pattern for pattern in patterns):
        say(f"{file} has no SIP domains: local1.example and so on stand for them")


def _load(file: str) -> LoadedPlan:
    try:
        return load_plan(file)
    except (ConfigError, DialplanError) as error:
        fail(error.problems)


def _senders(old: LoadedPlan, new: LoadedPlan) -> list[Sender] | None:
    """What a zone can send by either configuration."""
    if old.senders is None or new.senders is None:
        return None
    merged: dict[str, Sender] = {}
    for sender in (*old.senders, *new.senders):
        known = merged.get(sender.name, sender)
        merged[sender.name] = Sender(
            sender.name, known.authenticated | sender.authenticated, known.traffic | sender.traffic
        )
    return list(merged.values())


def _to_json(difference: Difference) -> dict[str, Any]:
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


def _print(difference: Difference) -> None:
    conditions = difference.conditions
    click.echo(click.style(query_text(difference.witness), bold=True))
    if len({(condition.source, condition.traffic) for condition in conditions}) > 1:
        click.echo(f"    and likewise {_likewise(conditions)}")
    click.echo(click.style(f"    - {_route_text(difference.old)}", fg="red"))
    click.echo(click.style(f"    + {_route_text(difference.new)}", fg="green"))


def _likewise(conditions: Sequence[Conditions]) -> str:
    """All conditions in a few words."""
    zones = list(dict.fromkeys(condition.source for condition in conditions))
    traffic = list(dict.fromkeys(condition.traffic.value for condition in conditions))
    shown = ", ".join(f'"{zone}"' for zone in zones[:MOST_SHOWN])
    more = f" and {len(zones) - MOST_SHOWN} more" if len(zones) > MOST_SHOWN else ""
    return f"from {shown}{more}; {', '.join(traffic)}"


def _route_text(explanation: Explanation) -> str:
    """``zone "A" as x (rule "r"); then zone "B"``."""
    if not explanation.tiers:
        return "nowhere: 404 Not Found"
    tiers = []
    for tier in explanation.tiers:
        targets = [
            f'zone "{target.zone}"'
            + (f" as {target.alias}" if target.alias != explanation.alias else "")
            + f' (rule "{target.rule}")'
            for target in tier.targets
        ]
        tiers.append(" and ".join(targets))
    return "; then ".join(tiers)
