"""Transforms and search rules with a pattern in use, its places in the file, and requests that show what it matches."""

from __future__ import annotations

from collections.abc import Callable

from dialplan.analysis import Conditions
from dialplan.model import DEFAULT_ZONE, Dialplan, Location, Mode, Query, SearchRule, Traffic, Transform
from dialplan.notes import inside, source_line
from dialplan.pattern.folding import fold
from dialplan.search.search import Explanation

from .context import Context

Entry = SearchRule | Transform


def entries(plan: Dialplan) -> list[Entry]:
    """Those that are enabled and look at their pattern."""
    transforms = [one for one in plan.transforms if one.enabled]
    rules = [one for one in plan.rules if one.enabled and one.mode is Mode.ALIAS_PATTERN_MATCH]
    return [*transforms, *rules]


def kind(entry: Entry) -> str:
    return "transform" if isinstance(entry, Transform) else "search rule"


def pattern_place(plan: Dialplan, entry: Entry, offset: int | None = None) -> Location:
    """Where a character of the pattern is written; without an offset, where the pattern is."""
    place = entry.places.get("pattern")
    if place is None:
        return entry.location
    return place if offset is None else inside(place, source_line(plan.sources, place), offset)


def request_for(context: Context, entry: Entry, alias: str) -> tuple[Query | None, Callable[[Explanation], bool]]:
    """A request whose searched alias is this one, which the entry's pattern matches; and that claim.

    None where a transform is in the way: the finding is then about the pattern alone.
    """
    if isinstance(entry, Transform):
        query = Conditions(DEFAULT_ZONE, Traffic.MICROSOFT_IMP).query(alias)
        name = entry.name
        fits = context.plan.search(query).transform == name
        return (query if fits else None), lambda explanation: explanation.transform == name
    rule = next(one for one in context.rules if one.rule is entry)
    mask = context.mask(rule)
    conditions = context.first(mask) if mask else Conditions(entry.source_name or DEFAULT_ZONE, Traffic.MICROSOFT_IMP)
    query = conditions.query(alias)
    changed = context.plan.search(query).transform is not None
    pattern = rule.compiled.pattern
    assert pattern is not None
    return (None if changed else query), lambda explanation: pattern.test(fold(explanation.searched))
