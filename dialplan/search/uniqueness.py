"""Names of rules, names of transforms and priorities of transforms: a plan has each of them only once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Literal

from dialplan.model import Dialplan, Entry, Location
from dialplan.notes import source_line
from dialplan.problem import Problem


def unique_names(plan: Dialplan) -> list[Problem]:
    """Mistakes in names, which are compared without case."""
    return [
        problem
        for entries in (plan.rules, plan.transforms)
        for problem in _twice(
            entries, lambda entry: entry.name.casefold(), 'a second {0.kind.value} "{0.name}"', plan.sources
        )
    ]


def unique_priorities(plan: Dialplan) -> list[Problem]:
    """Mistakes in priorities. Only transforms need one of their own, as at most one transform is applied."""
    message = "a second transform of priority {0.priority}"
    return _twice(plan.transforms, lambda entry: str(entry.priority), message, plan.sources, "priority")


def _twice(
    entries: Iterable[Entry],
    key: Callable[[Entry], str],
    message: str,
    sources: Mapping[str, str],
    field: Literal["name", "priority"] = "name",
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
