"""Rules that two plans have in common, and pairs of these whose order has changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from .plan import SymbolicRule

Pair = tuple[SymbolicRule, SymbolicRule]


def paired(
    old: Sequence[SymbolicRule], new: Sequence[SymbolicRule]
) -> tuple[list[Pair], tuple[list[SymbolicRule], list[SymbolicRule]]]:
    """(rules with the same aliases and effect in both plans, (rules of the old plan alone, of the new plan alone))."""
    waiting: dict[object, list[SymbolicRule]] = {}
    for rule in new:
        waiting.setdefault(_effect(rule), []).append(rule)
    pairs: list[Pair] = []
    alone: list[SymbolicRule] = []
    for rule in old:
        twins = waiting.get(_effect(rule))
        if twins:
            pairs.append((rule, twins.pop(0)))
        else:
            alone.append(rule)
    return pairs, (alone, [rule for twins in waiting.values() for rule in twins])


def _effect(rule: SymbolicRule) -> object:
    return rule.language, rule.rewriting, rule.rule.target, rule.compiled.stop


def stopping_before(rules: Sequence[SymbolicRule], priority: int) -> tuple[SymbolicRule, ...]:
    """The rules with Stop that are searched before this priority."""
    return tuple(rule for rule in rules if rule.compiled.stop and rule.rule.priority < priority)


def turned(pairs: Sequence[Pair]) -> Iterator[tuple[Pair, Pair]]:
    """Every two rules whose order in the new plan is not that in the old plan."""
    was = _ranks([old.rule.priority for old, _ in pairs])
    now = _ranks([new.rule.priority for _, new in pairs])
    if was == now:
        return
    for place, pair in enumerate(pairs):
        for earlier in range(place):
            before, after = was[place] - was[earlier], now[place] - now[earlier]
            if (before > 0) != (after > 0) or (before == 0) != (after == 0):
                yield pairs[earlier], pair


def _ranks(priorities: Sequence[int]) -> list[int]:
    order = {priority: rank for rank, (priority, _) in enumerate(groupby(sorted(priorities)))}
    return [order[priority] for priority in priorities]
