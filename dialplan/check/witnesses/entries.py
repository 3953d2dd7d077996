"""Entries whose pattern is in use, places inside a pattern, and requests that show an alias matched by it."""

from __future__ import annotations

from collections.abc import Callable

from dialplan.analysis import Conditions
from dialplan.model import DEFAULT_ZONE, Dialplan, Entry, Location, Query, Traffic, Transform
from dialplan.notes import inside, source_line
from dialplan.pattern.folding import fold
from dialplan.search.search import Explanation

from .context import Context


def entries(plan: Dialplan) -> list[Entry]:
    """Those that are enabled and look at their pattern."""
    return [entry for entry in plan.entries if entry.enabled and entry.uses_pattern]


def pattern_place(plan: Dialplan, entry: Entry, offset: int | None = None) -> Location:
    """The place of a character of the pattern; without an offset, that of the whole pattern."""
    place = entry.places.get("pattern")
    if place is None:
        return entry.location
    if offset is None:
        return place
    if '"' not in entry.pattern:  # nothing is written twice, so the line, to be found among 20,000, is not needed
        return Location(place.file, place.line, place.column + 1 + offset)
    return inside(place, source_line(plan.sources, place), offset)


def request_for(context: Context, entry: Entry, alias: str) -> tuple[Query | None, Callable[[Explanation], bool]]:
    """(a request that is searched for as this alias, the claim that the entry's pattern matches it).

    The request is None when a transform is in the way; then the finding has no witness.
    """
    if isinstance(entry, Transform):
        query = Conditions(DEFAULT_ZONE, Traffic.MICROSOFT_IMP).query(alias)
        name = entry.name
        fits = context.plan.search(query).transform == name
        return (query if fits else None), lambda explanation: explanation.transform == name
    rule = context.rule_of(entry)
    mask = context.mask(rule)
    conditions = context.first(mask) if mask else Conditions(entry.source_name or DEFAULT_ZONE, Traffic.MICROSOFT_IMP)
    query = conditions.query(alias)
    changed = context.plan.search(query).transform is not None
    pattern = rule.compiled.pattern
    assert pattern is not None
    return (None if changed else query), lambda explanation: pattern.test(fold(explanation.searched))
