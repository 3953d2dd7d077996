"""Loops: requests that go back to their zone, or to and fro between two zones with other aliases each time.

The plan does not say how a zone treats a request. A witness shows the case that the zone sends it back unchanged, as a
proxy without a better route does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dialplan.analysis import NotProved, SymbolicRule
from dialplan.check.witnesses.context import Context, applies
from dialplan.check.witnesses.finding import Finding, Level
from dialplan.check.witnesses.reaching import reach
from dialplan.model import DEFAULT_ZONE, LOCAL_ZONE, Query
from dialplan.search.search import CompiledPlan, Explanation

MAX_STEPS = 8
"""Of one way round."""


def loops(context: Context) -> Iterator[Finding]:
    """Findings about loops; about rules that send requests back unchanged, one for each zone."""
    back: dict[str, list[Finding]] = {}
    targets = _targets(context)
    for rule in context.rules:
        if rule.rule.name in context.unreachable or rule.rule.target in (LOCAL_ZONE, DEFAULT_ZONE):
            continue
        loop = _backwards(context, rule, targets[rule.rule.target])
        if loop is None:
            continue
        query, way = loop
        if any(alias != query.alias for _, alias in way):
            yield _loop(rule, query, way)
        elif query.source == rule.rule.target:  # a zone in between is likely to keep the request
            back.setdefault(rule.rule.target, []).append(_sent_back(rule, query))
    for first, *others in back.values():
        yield replace(first, why=f"{first.why} (so do {len(others)} other rules)") if others else first


def _sent_back(rule: SymbolicRule, query: Query) -> Finding:
    return Finding(
        "sent-back",
        Level.NOTE,
        rule.rule.places.get("source", rule.rule.location),
        f'search rule "{rule.rule.name}" sends requests from zone "{rule.rule.target}" back to it',
        "name the zones that the rule is for as its source",
        rule.rule.name,
        query,
        lambda explanation: applies(explanation, rule),
    )


def _loop(rule: SymbolicRule, query: Query, way: list[tuple[str, str]]) -> Finding:
    zones = " -> ".join([query.source, *(zone for zone, _ in way)])
    aliases = " -> ".join(alias for _, alias in way)
    return Finding(
        "transform-loop",
        Level.WARNING,
        rule.rule.places.get("source", rule.rule.location),
        f'by search rule "{rule.rule.name}" a request goes round ({zones}) and its alias changes: {aliases}',
        "name the zones that the rule is for as its source, or have only one side change the alias",
        rule.rule.name,
        query,
        lambda explanation: applies(explanation, rule),
    )


def _backwards(context: Context, rule: SymbolicRule, between: set[str]) -> tuple[Query, list[tuple[str, str]]] | None:
    """(a request that comes back to its zone by the rule, (zone, alias) after each step); None when there is none.

    ``between``: zones that the rule's target sends to.
    """
    for mask in _masks(context, rule, between):
        conditions = context.first(mask)
        try:
            alias = reach(context, rule, rule.language, conditions).alias
        except NotProved:
            continue
        if alias is None:
            continue
        query = conditions.query(alias)
        way = _way_round(context.plan, query, rule)
        if way:
            return query, way
    return None


def _masks(context: Context, rule: SymbolicRule, between: set[str]) -> Iterator[int]:
    """Conditions of requests from the rule's target, then of those from zones that the target sends to."""
    mask = context.mask(rule)
    for sources in ({rule.rule.target}, between):
        bits = mask & sum(context.sources.get(source, 0) for source in sources)
        if bits:
            yield bits


def _targets(context: Context) -> dict[str, set[str]]:
    """Zone that is a target -> the other zones to which some rule sends requests from it."""
    by_source: dict[object, tuple[SymbolicRule, set[str]]] = {}
    for rule in context.rules:
        by_source.setdefault((rule.rule.source, rule.rule.source_name), (rule, set()))[1].add(rule.rule.target)
    sources = {rule.rule.target for rule in context.rules}
    return {
        source: {target for rule, targets in by_source.values() if rule.admits_source(source) for target in targets}
        - {source}
        for source in sources
    }


def _way_round(plan: CompiledPlan, query: Query, rule: SymbolicRule) -> list[tuple[str, str]]:
    """(zone, alias) after each step when the request comes to its first zone for a third time; [] when it does not."""
    source, rounds = query.source, 0
    way: list[tuple[str, str]] = []
    for number in range(MAX_STEPS):
        step = _step(plan.search(query), None if number else rule)
        if step is None:
            return []
        way.append(step)
        rounds += step[0] == source
        if rounds == 2:
            return way
        query = Query(step[1], step[0], query.traffic, query.protocol, query.authenticated)
    return []


def _step(explanation: Explanation, rule: SymbolicRule | None) -> tuple[str, str] | None:
    """(zone, alias) of the first target with an alias; with a rule, of its target. None when there is none."""
    for tier in explanation.tiers:
        for target in tier.targets:
            if target.alias and (rule is None or target.rule == rule.rule.name):
                return target.zone, target.alias
    return None
