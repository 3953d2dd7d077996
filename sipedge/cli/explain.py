"""A search's explanation as a tree for people: one rendering for every command that shows one."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from dialplan.language.reasons import reasons
from dialplan.model import RuleOutcome
from dialplan.search.search import Explanation
from sipedge.printable import escaped
from sipedge.settings import Settings
from zones.zone import DnsZone, NeighborZone, TraversalClientZone, TraversalServerZone

from .screen import UNWRAPPED, console

Places = Callable[[str], str]
"""The name of a zone -> what lies behind it, in a few words; '' where that is not known."""


def print_explanation(explanation: Explanation, evidence: str, places: Places) -> None:
    """``evidence``: what decided the traffic type."""
    console().print(explanation_tree(explanation, evidence, places))


def explanation_text(explanation: Explanation, evidence: str, places: Places) -> str:
    """The tree without colours."""
    stream = StringIO()
    plain = Console(file=stream, highlight=False, markup=False, emoji=False, width=UNWRAPPED, color_system=None)
    plain.print(explanation_tree(explanation, evidence, places))
    return stream.getvalue()


def explanation_tree(explanation: Explanation, evidence: str, places: Places) -> Tree:
    query = explanation.query
    authenticated = "authenticated" if query.authenticated else "not authenticated"
    tree = Tree(Text(escaped(explanation.alias), style="bold"))
    tree.add(Text(f"from {query.source}, {authenticated}; {query.traffic.value} ({escaped(evidence)})"))
    tree.add(_transform(explanation))
    _tiers(tree, explanation, places)
    _rules(tree, explanation)
    return tree


def places_of(settings: Settings) -> Places:
    zones = {zone.name: zone for zone in settings.zones}

    def place(name: str) -> str:
        zone = zones.get(name)
        if isinstance(zone, NeighborZone):
            return f"[{zone.transport} {', '.join(zone.peers)} port {zone.port}]"
        if isinstance(zone, TraversalClientZone | TraversalServerZone):
            return f"[traversal connection, port {zone.port}]"
        if isinstance(zone, DnsZone):
            return "[by DNS]"
        return "[nothing registers here]" if zones else ""

    return place


def _transform(explanation: Explanation) -> Text:
    if explanation.transform is None:
        return Text("no transform")
    return Text(f'transform "{explanation.transform}" -> ').append(escaped(explanation.searched), style="bold")


def _tiers(tree: Tree, explanation: Explanation, places: Places) -> None:
    if not explanation.tiers:
        tree.add(Text("no rule matches: 404 Not Found", style="red"))
    for tier in explanation.tiers:
        branch = tree.add(Text(f"priority {tier.priority}" + (", then stop" if tier.stop else "")))
        for target in tier.targets:
            line = Text(target.zone, style="green")
            place = places(target.zone)
            line.append(f" {place}" if place else "", style="dim")
            branch.add(line.append(f' as {escaped(target.alias)}  (rule "{target.rule}")', style="not dim"))


def _rules(tree: Tree, explanation: Explanation) -> None:
    why = reasons(explanation)
    branch = tree.add(Text("rules" if why else "no rules"))
    for reason in why:
        style = "green" if reason.outcome is RuleOutcome.MATCHED else "dim"
        line = Text(f"{reason.priority:>5} {reason.rule}: ")
        branch.add(line.append(escaped(reason.text), style=style))
