"""What plans do with a class of requests: the class falls into regions, each with one outcome a plan and a witness.

A region is found by its witness. Take any alias that is not in a region yet; see which rules it matches, up to the tier
that stops; all aliases that match the same of these rules are its region. What is left falls apart by the first rule on
which it differs. So there are as many steps as regions, and rules that share no alias with a region never enter it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, product

from ..folding import fold
from ..model import Query
from .automaton import NotProved
from .facts import NO_FACTS, Facts
from .grammar import witness
from .language import Language
from .outcome import Outcome, outcome_of
from .plan import Branch, SymbolicPlan, SymbolicRule
from .requests import Conditions, RequestClass
from .rewriting import Same

MAX_REGIONS = 4000


@dataclass(frozen=True, slots=True)
class Region:
    """Aliases that the plans treat alike, under one set of conditions; ``outcomes`` and ``rules`` by plan."""

    aliases: Language
    alias: str
    """A witness."""
    outcomes: tuple[Outcome, ...]
    rules: tuple[tuple[SymbolicRule, ...], ...]
    """Those that apply, in order."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What one plan does with all these requests."""

    conditions: tuple[Conditions, ...]
    aliases: Language
    outcome: Outcome
    rules: tuple[SymbolicRule, ...]
    witness: Query


def decide(plan: SymbolicPlan, requests: RequestClass) -> Iterator[Decision]:
    """The class, cut into parts with one outcome each. Raise NotProved, possibly after some parts."""
    for admitted, conditions in by_admitted((plan,), requests.conditions()):
        for region in regions((plan,), admitted, requests.aliases):
            query = conditions[0].query(region.alias)
            yield Decision(conditions, region.aliases, region.outcomes[0], region.rules[0], query)


Admitted = tuple[tuple[SymbolicRule, ...], ...]
"""For each plan the rules that apply under some conditions."""


def by_admitted(
    plans: Sequence[SymbolicPlan], conditions: Iterable[Conditions]
) -> list[tuple[Admitted, tuple[Conditions, ...]]]:
    """Conditions under which the same rules apply, together."""
    found: dict[tuple[tuple[int, ...], ...], tuple[Admitted, list[Conditions]]] = {}
    for one in conditions:
        admitted = tuple(plan.admitted(one) for plan in plans)
        key = tuple(tuple(map(id, rules)) for rules in admitted)
        found.setdefault(key, (admitted, []))[1].append(one)
    return [(admitted, tuple(together)) for admitted, together in found.values()]


def regions(plans: Sequence[SymbolicPlan], admitted: Admitted, aliases: Language) -> Iterator[Region]:
    """Raise NotProved, possibly after some regions."""
    for branches in product(*(plan.branches for plan in plans)):
        base = aliases
        for branch in branches:
            base = base & branch.domain
        if base.clauses and not base.is_empty():
            yield from _Exploration(branches, admitted, base).regions()


class _Item:
    """A language that rules ask for; rules that ask for the same one share it."""

    __slots__ = ("facts", "language")

    def __init__(self, language: Language, facts: Facts) -> None:
        self.language = language
        self.facts = facts


class _Exploration:
    def __init__(self, branches: tuple[Branch, ...], admitted: Admitted, base: Language) -> None:
        self._branches = branches
        self._base = base
        self._items: dict[Language, _Item] = {}
        self._meets: dict[tuple[_Item | None, _Item], bool] = {}
        self._views = [
            [
                [(rule, self._item(rule, branch)) for rule in tier]
                for _, tier in groupby(rules, lambda one: one.rule.priority)
            ]
            for branch, rules in zip(branches, admitted, strict=True)
        ]

    def regions(self) -> Iterator[Region]:
        waiting: list[tuple[tuple[_Item, ...], tuple[_Item, ...]]] = [((), ())]
        count = 0
        while waiting:
            inside, outside = waiting.pop()
            alias = witness(self._language(inside, outside))
            if alias is None:
                continue
            count += 1
            if count > MAX_REGIONS:
                raise NotProved(f"more than {MAX_REGIONS} cases")
            outcomes, consulted = self._outcomes(alias, inside)
            known = {*inside, *outside}
            for item, matched in consulted:
                if item in known:
                    continue
                known.add(item)
                if matched:
                    waiting.append((inside, (*outside, item)))
                    inside = (*inside, item)
                else:
                    if self._may_meet(inside, item):
                        waiting.append(((*inside, item), outside))
                        outside = (*outside, item)
            region = self._language(inside, outside)
            rules = tuple(tuple(rule for tier in tiers for rule in tier) for tiers in outcomes)
            symbolic = tuple(outcome_of(one, tiers) for one, tiers in zip(self._branches, outcomes, strict=True))
            yield Region(region, alias, symbolic, rules)

    def _item(self, rule: SymbolicRule, branch: Branch) -> _Item:
        language = branch.before(rule.language)
        if language not in self._items:
            facts = rule.facts if isinstance(branch.rewriting, Same) else NO_FACTS
            self._items[language] = _Item(language, facts)
        return self._items[language]

    def _outcomes(
        self, alias: str, inside: tuple[_Item, ...]
    ) -> tuple[list[list[list[SymbolicRule]]], list[tuple[_Item, bool]]]:
        """For each plan the tiers of rules that apply; and the languages that were asked for, in order."""
        folded = fold(alias)
        consulted: dict[_Item, bool] = {}
        outcomes = []
        for tiers in self._views:
            applied: list[list[SymbolicRule]] = []
            for tier in tiers:
                matched = []
                for rule, item in tier:
                    if item not in consulted:
                        consulted[item] = folded in item.language
                    if consulted[item]:
                        matched.append(rule)
                if matched:
                    applied.append(matched)
                    if any(rule.compiled.stop for rule in matched):
                        break
            outcomes.append(applied)
        return outcomes, list(consulted.items())

    def _language(self, inside: tuple[_Item, ...], outside: tuple[_Item, ...]) -> Language:
        result = self._base
        for item in inside:
            result = result & item.language
        for item in outside:
            if self._may_meet(inside, item):
                result = result - item.language
        return result

    def _may_meet(self, inside: tuple[_Item, ...], item: _Item) -> bool:
        """False when no alias of the base, in all of ``inside``, is in the item's language."""
        return self._pair(None, item) and all(self._pair(one, item) for one in inside)

    def _pair(self, one: _Item | None, item: _Item) -> bool:
        key = (one, item)
        if key not in self._meets:
            self._meets[key] = self._pair_meets(one, item)
        return self._meets[key]

    def _pair_meets(self, one: _Item | None, item: _Item) -> bool:
        if one is not None and one.facts.apart(item.facts):
            return False
        try:
            return (one.language if one else self._base).meets(item.language)
        except NotProved:
            return True
