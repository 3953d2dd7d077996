"""What a comparison of verdicts showed: for people, as JSON lines, as JUnit XML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from sipedge.cli.junit import Case, Failure, Suite, write_junit
from sipedge.cli.printing import amount, print_json
from sipedge.printable import escaped
from sipedge.replay.changes import COMPARED, Changes, Group


def report(changes: Changes, junit: str | None, as_json: bool, inputs: Sequence[str]) -> int:
    """The exit status: 0 same, 1 different. ``junit``: file to write, which must be none of the ``inputs``."""
    groups = sorted(changes.groups.values(), key=lambda group: -group.requests)
    if junit:
        write_junit(junit, [_junit_suite(changes, groups)], inputs)
    for group in groups:
        if as_json:
            print_json(group.to_json())
        else:
            click.echo("\n".join(_lines(group)))
    if not as_json:
        click.echo(f"{changes.changed} of {changes.requests} requests are decided differently")
    return 1 if groups else 0


def _lines(group: Group) -> list[str]:
    old, new = group.first
    counts = f"{amount(group.requests, 'request')}, {amount(len(group.users), 'user')}"
    head = click.style(f"{escaped(group.old)} -> {escaped(group.new)}", bold=True)
    first = f"  first: message {new['index']}, {new['method']} {new['request_uri']} from {new['source'] or '?'}"
    lines = [f"{head}: {counts}, {amount(len(group.domains), 'domain')}", escaped(first)]
    for key in COMPARED:
        if old.get(key) != new[key]:
            lines.append(click.style(f"  - {key} {escaped(_value(old.get(key)))}", fg="red"))
            lines.append(click.style(f"  + {key} {escaped(_value(new[key]))}", fg="green"))
    return lines


def _value(value: Any) -> str:
    """A member of a verdict; tiers as ``priority 10 stop: zone as alias (rule)``."""
    if not isinstance(value, list):
        return "none" if value is None else str(value)
    tiers = []
    for tier in value:
        targets = "; ".join(f'{to["zone"]} as {to["alias"]} (rule "{to["rule"]}")' for to in tier["targets"])
        tiers.append(f"priority {tier['priority']}{' stop' if tier['stop'] else ''}: {targets}")
    return " | ".join(tiers) or "none"


def _junit_suite(changes: Changes, groups: Sequence[Group]) -> Suite:
    """One test case for all requests that stayed, one for each rule that decided before and does not any more."""
    stayed = Case(f"{amount(changes.requests - changes.changed, 'request')} decided as before")
    return Suite("replay", [stayed, *map(_junit_case, groups)])


def _junit_case(group: Group) -> Case:
    text = click.unstyle("\n".join(_lines(group)))
    return Case(
        f"{group.old} -> {group.new}", Failure(f"{amount(group.requests, 'request')} decided differently", text)
    )
