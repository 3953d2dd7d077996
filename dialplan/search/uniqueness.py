"""What may be only once in a plan: names of rules, names of transforms, priorities of transforms."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from dialplan.model import Dialplan, Location, SearchRule, Transform
from dialplan.notes import source_line
from dialplan.problem import Problem

Entry = Transform | SearchRule


def unique_names(plan: Dialplan) -> list[Problem]:
    """Names are compared without case."""
    rules = _twice(plan.rules, lambda rule: rule.name.casefold(), 'a second search rule "{0.name}"', plan.sources)
    return rules + _twice(
        plan.transforms, lambda one: one.name.casefold(), 'a second transform "{0.name}"', plan.sources
    )


def unique_priorities(plan: Dialplan) -> list[Problem]:
    """Only transforms need priorities of their own: at most one is applied."""
    message = "a second transform of priority {0.priority}"
    return _twice(plan.transforms, lambda one: str(one.priority), message, plan.sources, "priority")


def _twice(
    entries: Iterable[Entry],
    key: Callable[[Entry], str],
    message: str,
    sources: Mapping[str, str],
    field: str = "name",
) -> list[Problem]:
    seen: dict[str, Entry] = {}
    problems = []
    for entry in entries:
        first = seen.setdefault(key(entry), entry)
        if first is not entry and key(entry):
            place = entry.places.get(field, entry.location)
            hint = f"the first is at {_short(first.location, place)}; give this one a {field} of its own"
            problems.append(Problem(place, message.format(entry), hint, source_line(sources, place)))
    return problems


def _short(location: Location, beside: Location) -> str:
    return f"line {location.line}" if location.file == beside.file else str(location)
