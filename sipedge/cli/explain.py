"""A search's explanation as a tree for people."""

from __future__ import annotations

import sys
from typing import Any

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from dialplan.model import Query
from sipedge.log import escaped
from sipedge.settings import Settings
from zones.zone import DnsZone, NeighborZone, TraversalClientZone, TraversalServerZone

OUTCOMES = {
    "matched": "matched",
    "pattern": "the pattern does not match the alias",
    "mode": "its mode wants another kind of alias",
    "source": "not for this source zone",
    "traffic": "not for this type of traffic",
    "protocol": "not for SIP",
    "authentication": "only for authenticated requests",
    "disabled": "disabled",
    "stopped": "not reached: a rule before it says stop",
}
"""dialplan.model.Outcome in words."""

UNWRAPPED = 10_000
"""Columns where nobody looks at a screen."""


def print_explanation(settings: Settings, query: Query, evidence: str, found: dict[str, Any]) -> None:
    """``found``: the explanation as --json prints it."""
    width = None if sys.stdout.isatty() else UNWRAPPED
    console = Console(highlight=False, markup=False, emoji=False, width=width)
    authenticated = "authenticated" if query.authenticated else "not authenticated"
    tree = Tree(Text(escaped(found["alias"]), style="bold"))
    tree.add(Text(f"from {query.source}, {authenticated}; {query.traffic.value} ({escaped(evidence)})"))
    tree.add(_transform(found))
    _tiers(tree, settings, found["tiers"])
    _trace(tree, found["trace"])
    console.print(tree)


def _transform(found: dict[str, Any]) -> Text:
    if found["transform"] is None:
        return Text("no transform")
    return Text(f'transform "{found["transform"]}" -> ').append(escaped(found["searched"]), style="bold")


def _tiers(tree: Tree, settings: Settings, tiers: list[dict[str, Any]]) -> None:
    if not tiers:
        tree.add(Text("no rule matches: 404 Not Found", style="red"))
    for tier in tiers:
        branch = tree.add(Text(f"priority {tier['priority']}" + (", then stop" if tier["stop"] else "")))
        for target in tier["targets"]:
            line = Text(f"{target['zone']}", style="green")
            line.append(f" {_place(settings, target['zone'])}", style="dim")
            branch.add(line.append(f' as {escaped(target["alias"])}  (rule "{target["rule"]}")', style="not dim"))


def _trace(tree: Tree, trace: list[dict[str, Any]]) -> None:
    branch = tree.add(Text("rules"))
    for entry in trace:
        matched = entry["outcome"] == "matched"
        line = Text(f"{entry['priority']:>5} {entry['rule']}: ")
        branch.add(line.append(OUTCOMES[entry["outcome"]], style="green" if matched else "dim"))


def _place(settings: Settings, name: str) -> str:
    """What lies behind a zone, in a few words."""
    zone = next((zone for zone in settings.zones if zone.name == name), None)
    if isinstance(zone, NeighborZone):
        return f"[{zone.transport} {', '.join(zone.peers)} port {zone.port}]"
    if isinstance(zone, TraversalClientZone | TraversalServerZone):
        return f"[traversal connection, port {zone.port}]"
    if isinstance(zone, DnsZone):
        return "[by DNS]"
    return "[nothing registers here]"
