"""Fields that are left out, and whose default on an Expressway is not the one that most people expect."""

from __future__ import annotations

from collections.abc import Iterator

from dialplan.analysis import NotProved, SymbolicRule
from dialplan.check.witnesses.context import Context, applies
from dialplan.check.witnesses.entries import entries, request_for
from dialplan.check.witnesses.finding import Finding, Level
from dialplan.check.witnesses.reaching import reach
from dialplan.model import Behavior, OnMatch, PatternType, Query, SearchRule
from dialplan.search.search import Explanation

MAX_COMPARED = 20
"""Later rules that are compared with one rule."""


def continues(context: Context) -> Iterator[Finding]:
    """Rules without *On successful match*, where a later rule sends the request elsewhere."""
    for rule in context.rules:
        if rule.rule.on_match is not OnMatch.CONTINUE or "on successful match" in rule.rule.places:
            continue
        if rule.rule.name in context.unreachable or not context.mask(rule):
            continue
        continued = _continued(context, rule)
        if continued:
            later, query = continued
            yield Finding(
                "continue-by-default",
                Level.WARNING,
                rule.rule.location,
                f'search rule "{rule.rule.name}" does not say what to do on a match, which means continue: when zone '
                f'"{rule.rule.target}" does not find the alias, the request goes to "{later.rule.target}" by rule '
                f'"{later.rule.name}"',
                "write on successful match stop, or continue if that is meant",
                rule.rule.name,
                query,
                lambda explanation, rule=rule, later=later: _both(explanation, rule, later),  # type: ignore[misc]
            )


def _continued(context: Context, rule: SymbolicRule) -> tuple[SymbolicRule, Query] | None:
    """(a later rule, a request to which both apply); None when none was found."""
    compared = 0
    for later in context.rules:
        common = context.mask(rule) & context.mask(later)
        if later.rule.priority <= rule.rule.priority or later.rule.target == rule.rule.target or not common:
            continue
        if later.facts.apart(rule.facts, one_at=True):
            continue
        compared += 1
        if compared > MAX_COMPARED:
            return None
        try:
            conditions = context.first(common)
            alias = reach(context, later, rule.language & later.language, conditions).alias
        except NotProved:
            continue
        if alias is not None and _both(context.plan.search(conditions.query(alias)), rule, later):
            return later, conditions.query(alias)
    return None


def _both(explanation: Explanation, rule: SymbolicRule, later: SymbolicRule) -> bool:
    return applies(explanation, rule) and applies(explanation, later)


def strips(context: Context) -> Iterator[Finding]:
    """Rules without *Behavior*, which cut off the matched start or end."""
    for entry in entries(context.plan.dialplan):
        plain = isinstance(entry, SearchRule) and entry.pattern_type in (PatternType.PREFIX, PatternType.SUFFIX)
        if not plain or entry.behavior is not Behavior.STRIP or "behavior" in entry.places:
            continue
        language = context.languages.language(context.languages.node(entry, context.plan))
        alias = context.plain_witness(language)
        if alias is None:
            continue
        query, claim = request_for(context, entry, alias)
        yield Finding(
            "strip-by-default",
            Level.WARNING,
            entry.places.get("pattern", entry.location),
            f'"{entry.name}" does not say what becomes of the alias, which means strip: the '
            f"{entry.pattern_type.value} is cut off",
            "write behavior leave, or strip if that is meant",
            entry.name,
            query,
            claim,
        )
