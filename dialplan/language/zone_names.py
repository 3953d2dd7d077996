"""Names of zones in a plan: case does not count, and each zone must exist."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from operator import is_not
from typing import Literal

from dialplan.model import DEFAULT_ZONE, LOCAL_ZONE, Dialplan, SearchRule, SourceMode
from dialplan.notes import source_line
from dialplan.problem import Problem, listing, suggestion

ZoneField = Literal["target", "source"]

_NOTHING_THERE = "nothing can be sent to the Default Zone: it stands for peers that no zone names"


def with_zone_names(dialplan: Dialplan, zone_names: Iterable[str] = ()) -> Dialplan:
    """The plan with each zone as the configuration writes it, or as the plan does where it first names it."""
    names: dict[str, str] = {}
    for name in (*zone_names, DEFAULT_ZONE, LOCAL_ZONE):
        names.setdefault(name.casefold(), name)
    rules = tuple(_named(rule, names) for rule in dialplan.rules)
    return replace(dialplan, rules=rules) if any(map(is_not, rules, dialplan.rules)) else dialplan


def _named(rule: SearchRule, names: dict[str, str]) -> SearchRule:
    source = names.setdefault(rule.source_name.casefold(), rule.source_name)
    target = names.setdefault(rule.target.casefold(), rule.target)
    same = source == rule.source_name and target == rule.target
    return rule if same else replace(rule, source_name=source, target=target)


def check_zones(dialplan: Dialplan, zone_names: Iterable[str]) -> list[Problem]:
    """``dialplan``: of ``with_zone_names``.

    ``zone_names``: those of the configuration; the Default Zone and the Local Zone always exist."""
    targets = {*zone_names, LOCAL_ZONE} - {DEFAULT_ZONE}
    problems = []
    for rule in dialplan.rules:
        if rule.target == DEFAULT_ZONE:
            problems.append(_problem(rule, "target", _NOTHING_THERE, targets, dialplan))
        elif rule.target not in targets:
            problems.append(_problem(rule, "target", f'there is no zone "{rule.target}"', targets, dialplan))
        if rule.source is SourceMode.NAMED and rule.source_name not in targets | {DEFAULT_ZONE}:
            known = targets | {DEFAULT_ZONE}
            problems.append(_problem(rule, "source", f'there is no zone "{rule.source_name}"', known, dialplan))
    return problems


def _problem(rule: SearchRule, field: ZoneField, message: str, known: set[str], dialplan: Dialplan) -> Problem:
    wrong = rule.target if field == "target" else rule.source_name
    hint = suggestion(wrong, known) if wrong != DEFAULT_ZONE else ""
    shown = [f'"{name}"' for name in sorted(known)[:20]]
    place = rule.places.get(field, rule.location)
    return Problem(place, message, hint or f"zones are {listing(shown)}", source_line(dialplan.sources, place))
