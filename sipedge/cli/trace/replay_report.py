"""What a comparison of verdicts found: for people, as JSON lines, as JUnit XML."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

import click

from sipedge.cli.files import new_file
from sipedge.printable import escaped
from sipedge.replay.changes import COMPARED, Changes, Group

from .replay_run import Outputs


def report(changes: Changes, outputs: Outputs, inputs: Sequence[str]) -> int:
    """The exit status: 0 same, 1 different."""
    groups = sorted(changes.groups.values(), key=lambda group: -group.requests)
    if outputs.junit:
        write_junit(outputs.junit, changes, groups, inputs)
    for group in groups:
        click.echo(json.dumps(group.to_json()) if outputs.as_json else "\n".join(_lines(group)))
    if not outputs.as_json:
        click.echo(f"{changes.changed} of {changes.requests} requests are decided differently")
    return 1 if groups else 0


def _lines(group: Group) -> list[str]:
    old, new = group.first
    counts = f"{_count(group.requests, 'request')}, {_count(len(group.users), 'user')}"
    head = click.style(f"{escaped(group.old)} -> {escaped(group.new)}", bold=True)
    first = f"  first: message {new['index']}, {new['method']} {new['request_uri']} from {new['source'] or '?'}"
    lines = [f"{head}: {counts}, {_count(len(group.domains), 'domain')}", escaped(first)]
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
        targets = "; ".join(f'{one["zone"]} as {one["alias"]} (rule "{one["rule"]}")' for one in tier["targets"])
        tiers.append(f"priority {tier['priority']}{' stop' if tier['stop'] else ''}: {targets}")
    return " | ".join(tiers) or "none"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def write_junit(file: str, changes: Changes, groups: list[Group], inputs: Sequence[str]) -> None:
    """One test case for each rule that decided before and does not any more, one for all that stayed."""
    counts = {"tests": str(len(groups) + 1), "failures": str(len(groups))}
    root = Element("testsuites", counts)
    suite = SubElement(root, "testsuite", {"name": "replay", **counts})
    same = changes.requests - changes.changed
    SubElement(suite, "testcase", {"classname": "replay", "name": f"{_count(same, 'request')} decided as before"})
    for group in groups:
        name = escaped(f"{group.old} -> {group.new}")
        node = SubElement(suite, "testcase", {"classname": "replay", "name": name})
        failure = SubElement(node, "failure", {"message": f"{_count(group.requests, 'request')} decided differently"})
        failure.text = click.unstyle("\n".join(_lines(group)))
    indent(root)
    with new_file(file, inputs) as output:
        ElementTree(root).write(output, encoding="utf-8", xml_declaration=True)
