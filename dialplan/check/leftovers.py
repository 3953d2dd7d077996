"""Entries that are disabled, and rules that repeat another one."""

from __future__ import annotations

from collections.abc import Iterator

from dialplan.analysis import NotProved, SymbolicRule
from dialplan.check.witnesses.context import Context
from dialplan.check.witnesses.finding import Finding, Level


def disabled(context: Context) -> Iterator[Finding]:
    for entry in context.plan.dialplan.entries:
        if not entry.enabled:
            why = f'{entry.kind.value} "{entry.name}" is disabled'
            mend = "delete it, or say in an ignore why it is kept"
            yield Finding("disabled", Level.NOTE, entry.places.get("state", entry.location), why, mend, entry.name)


def duplicates(context: Context) -> Iterator[Finding]:
    """Rules with the same conditions, aliases, target and behaviour."""
    seen: dict[tuple[object, ...], list[SymbolicRule]] = {}
    for rule in context.rules:
        if not context.mask(rule):
            continue
        try:
            key = (context.mask(rule), rule.rule.target, rule.rewriting, rule.language.first())
            twins = seen.setdefault(key, [])
            first = next((twin for twin in twins if _equal(twin, rule)), None)
        except NotProved:
            context.not_proved(f'whether search rule "{rule.rule.name}" repeats another one')
            continue
        if first:
            yield _duplicate(context, rule, first)
        else:
            twins.append(rule)


def _equal(rule: SymbolicRule, other: SymbolicRule) -> bool:
    """Whether both match the same aliases. Raises NotProved when their languages are too large."""
    if rule.language == other.language:
        return True
    return rule.language.within(other.language) and other.language.within(rule.language)


def _duplicate(context: Context, rule: SymbolicRule, first: SymbolicRule) -> Finding:
    context.duplicates[rule.rule.name] = first
    return Finding(
        "duplicate",
        Level.WARNING,
        rule.rule.location,
        f'search rule "{rule.rule.name}" says the same as "{first.rule.name}" (priority {first.rule.priority})',
        "delete one of them",
        rule.rule.name,
    )
