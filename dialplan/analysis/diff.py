"""Two plans compared by what they do: every class of requests that would go another way, each with a witness.

Rules that both plans have, with the same aliases, conditions and effect, in the same order, make no difference. So only
aliases are looked at that a rule of one plan alone matches, or two rules whose order changed, or whose transform did.
These fall into regions, for each of which both plans are asked; a difference is told when the live engines of both
confirm it for the region's witness.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

from dialplan.model import Query
from dialplan.search.search import CompiledPlan, Explanation

from . import Conditions, Language, Languages, NotProved, Sender, SymbolicPlan, SymbolicRule, witness
from .decide import Admitted, Exploration, Region, by_admitted
from .meetings import Item, Meetings
from .pairing import paired, stopping_before, turned
from .plan import UNCHANGED, Branch
from .requests import conditions_of, senders_of
from .rewriting import Same

MAX_REGIONS = 3000
"""Classes of requests that are looked at in all."""
MAX_EACH = 300
"""Classes for one rule, or pair of rules."""
WITNESSES = 6
"""Aliases tried where two rewritings differ in form and may still do the same."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Requests that go another way. ``conditions``: all under which they do; the witness is under the first."""

    witness: Query
    conditions: tuple[Conditions, ...]
    old: Explanation
    new: Explanation


@dataclass(frozen=True, slots=True)
class Comparison:
    """``unproved``: what could not be decided, in words; without, and without differences, the plans mean the same."""

    differences: tuple[Difference, ...]
    unproved: tuple[str, ...]


def compare(old: CompiledPlan, new: CompiledPlan, senders: Sequence[Sender] | None = None) -> Comparison:
    """``senders``: who can send what; without, every zone that one of the plans names can send everything."""
    if senders is None:
        both = old.dialplan + new.dialplan
        senders = senders_of(both)
    search = _Search(old, new)
    for admitted, conditions in by_admitted(search.plans, conditions_of(senders)):
        search.compare(admitted, conditions)
    return Comparison(tuple(search.differences()), tuple(search.unproved))


@dataclass(slots=True)
class _Found:
    region: Region
    conditions: dict[Conditions, None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Suspect:
    """``hiding``: rules (and whether of the old or the new plan) behind which these aliases make no difference."""

    base: Item
    hiding: tuple[tuple[SymbolicRule, int], ...]


@dataclass(slots=True)
class _Search:
    old: CompiledPlan
    new: CompiledPlan
    plans: tuple[SymbolicPlan, SymbolicPlan] = field(init=False)
    unproved: dict[str, None] = field(default_factory=dict)
    _meetings: Meetings = field(default_factory=Meetings)
    _regions: dict[object, list[Region]] = field(default_factory=dict)
    _count: int = 0
    _found: dict[object, _Found] = field(default_factory=dict)

    def __post_init__(self) -> None:
        languages = Languages([self.old, self.new])
        self.plans = (SymbolicPlan(self.old, languages), SymbolicPlan(self.new, languages))

    def compare(self, admitted: Admitted, conditions: tuple[Conditions, ...]) -> None:
        suspects = list(self._suspects(*admitted))
        for branches in self._branches():
            if branches[0].rewriting != branches[1].rewriting:
                self._explore(branches, admitted, conditions, None)
            else:
                for suspect in suspects:
                    self._explore(branches, admitted, conditions, suspect)

    def differences(self) -> Iterator[Difference]:
        for found in self._found.values():
            query = next(iter(found.conditions)).query(found.region.alias)
            yield Difference(query, tuple(found.conditions), self.old.search(query), self.new.search(query))

    def _branches(self) -> Iterator[tuple[Branch, Branch]]:
        """Pairs of transforms that some alias has in common."""
        old, new = (plan.branches for plan in self.plans)
        if [(one.rewriting, one.domain) for one in old] == [(one.rewriting, one.domain) for one in new]:
            yield from zip(old, new, strict=True)
            return
        for one, other in product(old, new):
            if self._meetings.meet(self._meetings.item(one.domain), self._meetings.item(other.domain)):
                yield one, other

    def _suspects(self, old: Sequence[SymbolicRule], new: Sequence[SymbolicRule]) -> Iterator[_Suspect]:
        """Searched aliases that may be treated differently by the rules alone.

        A rule makes a difference only where it applies, so not behind a rule that stops the search before it. Two rules
        whose order changed do only where nothing stops the search before both, in either plan: where something does in
        one plan alone, its own order among the two has changed.
        """
        pairs, alone = paired(old, new)
        for rules in alone:
            for rule in rules:
                base = self._meetings.of_rule(rule, UNCHANGED)
                plan = 0 if rules is alone[0] else 1
                before = stopping_before((old, new)[plan], rule.rule.priority)
                yield _Suspect(base, tuple((one, plan) for one in before))
        for one, other in turned(pairs):
            first, second = (self._meetings.of_rule(pair[0], UNCHANGED) for pair in (one, other))
            if self._meetings.meet(first, second):
                both = self._meetings.item(first.language & second.language, (first, second))
                before_old = stopping_before(old, min(one[0].rule.priority, other[0].rule.priority))
                before_new = stopping_before(new, min(one[1].rule.priority, other[1].rule.priority))
                yield _Suspect(both, (*((rule, 0) for rule in before_old), *((rule, 1) for rule in before_new)))

    def _explore(
        self,
        branches: tuple[Branch, Branch],
        admitted: Admitted,
        conditions: tuple[Conditions, ...],
        suspect: _Suspect | None,
    ) -> None:
        """All of the branches, or what of it is searched for as one of the suspect's aliases."""
        domain = branches[0].domain & branches[1].domain
        try:
            aliases = domain & branches[0].before(suspect.base.language) if suspect else domain
            plain = suspect is not None and isinstance(branches[0].rewriting, Same)
            base = self._meetings.item(aliases, suspect.base.parts if suspect and plain else ())
            if not aliases.clauses or aliases.is_empty():
                return
            hiding = [(rule, branches[plan]) for rule, plan in suspect.hiding] if suspect else []
            exploration = Exploration(branches, admitted, base, self._meetings, hiding)
            key = (id(base), exploration.relevant, tuple(id(rule) for rule, _ in hiding))
            for region in self._kept(key, exploration):
                self._note(region, conditions)
        except NotProved as error:
            self._sample(domain, conditions, error)

    def _kept(self, key: object, exploration: Exploration) -> Iterator[Region]:
        """The regions, those found before if the same was asked before. Raise NotProved behind those found."""
        if key in self._regions:
            yield from self._regions[key]
            return
        found = self._regions.setdefault(key, [])
        for region in exploration.regions(min(MAX_EACH, MAX_REGIONS - self._count)):
            self._count += 1
            found.append(region)
            yield region

    def _note(self, region: Region, conditions: tuple[Conditions, ...]) -> None:
        if region.routings[0] == region.routings[1]:
            return
        shown = self._shown(region, conditions[0])
        if shown is not None:
            first = tuple(rules[0].rule.name if rules else "" for rules in shown.rules)
            self._add((shown.routings, first), shown, conditions)
        else:
            why = f"the two replace strings for aliases like {region.alias} gave the same for all aliases tried"
            self.unproved.setdefault(why)

    def _add(self, key: object, region: Region, conditions: tuple[Conditions, ...]) -> None:
        """Told once for all conditions under which the first witness shows it."""
        found = self._found.setdefault(key, _Found(region))
        if found.conditions and not self._differs(conditions[0].query(found.region.alias)):
            found = self._found.setdefault((key, conditions[0]), _Found(region))
        found.conditions |= dict.fromkeys(conditions)

    def _shown(self, region: Region, conditions: Conditions) -> Region | None:
        """The region with an alias for which the engines disagree."""
        if self._differs(conditions.query(region.alias)):
            return region
        for alias in _some(region.language(), region.alias):
            if self._differs(conditions.query(alias)):
                return replace(region, alias=alias)
        return None

    def _sample(self, domain: Language, conditions: tuple[Conditions, ...], error: NotProved) -> None:
        """No proof: some aliases are tried, and that is said."""
        self.unproved.setdefault(f"not everything could be compared: {error}")
        try:
            for alias in _some(domain, witness(domain)):
                if self._differs(conditions[0].query(alias)):
                    self._add(("sampled", alias), Region(alias, (), ((), ()), lambda: domain), conditions)
                    return
        except NotProved:
            return

    def _differs(self, query: Query) -> bool:
        return _asked(self.old.search(query)) != _asked(self.new.search(query))


def _asked(explanation: Explanation) -> list[frozenset[tuple[str, str]]]:
    """The zones that are asked, in order, each with its alias."""
    return [frozenset((target.zone, target.alias) for target in tier.targets) for tier in explanation.tiers]


def _some(aliases: Language, alias: str | None) -> Iterator[str]:
    """A few aliases, beginning with one that is known. Raise NotProved."""
    for _ in range(WITNESSES):
        if alias is None:
            return
        yield alias
        aliases = aliases - Language.only(alias, aliases.alphabet)
        alias = witness(aliases)
