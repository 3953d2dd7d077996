"""Two plans compared by their decisions: every class of requests that goes another way, each with a witness.

Rules that both plans have, with the same aliases, conditions and effect, in the same order, make no difference. So only
some aliases are *suspects*: those that a rule of one plan alone matches, those that two rules match whose order has
changed, and those whose transform has. They fall into regions, and both plans are asked about each. A difference is
reported when the live engines of both plans confirm it for the region's witness.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, product

from dialplan.analysis.languages.automaton import NotProved
from dialplan.analysis.languages.grammar import witness
from dialplan.analysis.languages.language import Language
from dialplan.collector import collector_paused
from dialplan.model import Query
from dialplan.search.search import CompiledPlan, Explanation

from .decide import Admitted, Exploration, Region, by_admitted
from .meetings import Item, Meetings
from .pairing import paired, stopping_before, turned
from .plan import UNCHANGED, Branch, Languages, SymbolicPlan, SymbolicRule
from .requests import Conditions, Sender, conditions_of, senders_of
from .rewriting import Same

MAX_REGIONS = 3000
"""Regions that are explored in all."""
MAX_EACH = 300
"""Regions that are explored for one rule, or pair of rules."""
WITNESSES = 6
"""Aliases tried when two rewritings differ in form and may still do the same."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Requests that go another way, under each of ``conditions``; the witness is under the first of them."""

    witness: Query
    conditions: tuple[Conditions, ...]
    old: Explanation
    new: Explanation


@dataclass(frozen=True, slots=True)
class Comparison:
    """``unproved``: sentences about open questions. Without them, and without differences, the plans mean the same."""

    differences: tuple[Difference, ...]
    unproved: tuple[str, ...]


def compare(old: CompiledPlan, new: CompiledPlan, senders: Sequence[Sender] | None = None) -> Comparison:
    """``senders``: None when every zone that one of the plans names can send everything."""
    if senders is None:
        senders = senders_of(old.dialplan + new.dialplan)
    with collector_paused():
        search = _Search(old, new)
        for admitted, conditions in by_admitted(search.plans, conditions_of(senders)):
            search.compare(admitted, conditions)
        return Comparison(tuple(search.differences()), tuple(search.unproved))


@dataclass(slots=True)
class _Deviation:
    """A region that shows a difference, and all conditions under which its witness does, in groups."""

    region: Region
    groups: list[tuple[Conditions, ...]] = field(default_factory=list)

    @property
    def conditions(self) -> tuple[Conditions, ...]:
        return tuple(chain.from_iterable(self.groups))


@dataclass(frozen=True, slots=True)
class _Suspect:
    """Aliases that may go another way. ``hiding``: (rules, their plan) behind which they make no difference."""

    base: Item
    hiding: tuple[tuple[tuple[SymbolicRule, ...], int], ...]


@dataclass(slots=True)
class _Search:
    old: CompiledPlan
    new: CompiledPlan
    plans: tuple[SymbolicPlan, SymbolicPlan] = field(init=False)
    unproved: dict[str, None] = field(default_factory=dict)
    _meetings: Meetings = field(default_factory=Meetings)
    _count: int = 0
    """Of the regions that were explored."""
    _regions: dict[object, list[Region]] = field(default_factory=dict)
    _deviations: dict[object, _Deviation] = field(default_factory=dict)

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
        for deviation in self._deviations.values():
            query = deviation.groups[0][0].query(deviation.region.alias)
            yield Difference(query, deviation.conditions, self.old.search(query), self.new.search(query))

    def _branches(self) -> Iterator[tuple[Branch, Branch]]:
        """Pairs of transforms that are applied to a common alias."""
        old, new = (plan.branches for plan in self.plans)
        if [(branch.rewriting, branch.domain) for branch in old] == [
            (branch.rewriting, branch.domain) for branch in new
        ]:
            yield from zip(old, new, strict=True)
            return
        for before, after in product(old, new):
            if self._meetings.meet(self._meetings.item(before.domain), self._meetings.item(after.domain)):
                yield before, after

    def _suspects(self, old: Sequence[SymbolicRule], new: Sequence[SymbolicRule]) -> Iterator[_Suspect]:
        """Aliases, as they are searched for, that the rules of the two plans may treat differently.

        A rule makes a difference only where it applies, so not behind a rule that stops the search before it. Two rules
        whose order has changed make one only where nothing stops the search before both, in either plan: if a rule does
        so in one plan alone, its own order among the two has changed.
        """
        pairs, alone = paired(old, new)
        for rules in alone:
            for rule in rules:
                base = self._meetings.of_rule(rule, UNCHANGED)
                plan = 0 if rules is alone[0] else 1
                before = stopping_before((old, new)[plan], rule.rule.priority)
                yield _Suspect(base, ((before, plan),))
        for pair, other in turned(pairs):
            first, second = (self._meetings.of_rule(rules[0], UNCHANGED) for rules in (pair, other))
            if self._meetings.meet(first, second):
                both = self._meetings.item(first.language & second.language, (first, second))
                before_old = stopping_before(old, min(pair[0].rule.priority, other[0].rule.priority))
                before_new = stopping_before(new, min(pair[1].rule.priority, other[1].rule.priority))
                yield _Suspect(both, ((before_old, 0), (before_new, 1)))

    def _explore(
        self,
        branches: tuple[Branch, Branch],
        admitted: Admitted,
        conditions: tuple[Conditions, ...],
        suspect: _Suspect | None,
    ) -> None:
        """All aliases of the branches or, with a suspect, those that are searched for as one of its aliases."""
        domain = branches[0].domain & branches[1].domain
        try:
            aliases = domain & branches[0].before(suspect.base.language) if suspect else domain
            plain = suspect is not None and isinstance(branches[0].rewriting, Same)
            base = self._meetings.item(aliases, suspect.base.parts if suspect and plain else ())
            if not aliases.clauses or aliases.is_empty():
                return
            hiding = [(rules, branches[plan]) for rules, plan in suspect.hiding] if suspect else []
            exploration = Exploration(branches, admitted, base, self._meetings, hiding)
            key = (base, exploration.relevant, exploration.left_out)
            for region in self._explored(key, exploration):
                self._note(region, conditions)
        except NotProved as error:
            self._sample(domain, conditions, error)

    def _explored(self, key: object, exploration: Exploration) -> Iterator[Region]:
        """The regions of an exploration; one with the same key is not repeated, nor counted again.

        Raises NotProved when they are too many, behind the first of them.
        """
        if key in self._regions:
            yield from self._regions[key]
            return
        regions = self._regions.setdefault(key, [])
        for region in exploration.regions(min(MAX_EACH, MAX_REGIONS - self._count)):
            self._count += 1
            regions.append(region)
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
        """Reports regions of one key once, for all conditions under which the first witness shows the difference.

        Groups of conditions come one after the other and share none, so a group is there already or it is not.
        """
        deviation = self._deviations.setdefault(key, _Deviation(region))
        if deviation.groups and not self._differs(conditions[0].query(deviation.region.alias)):
            deviation = self._deviations.setdefault((key, conditions[0]), _Deviation(region))
        if not deviation.groups or deviation.groups[-1] is not conditions:
            deviation.groups.append(conditions)

    def _shown(self, region: Region, conditions: Conditions) -> Region | None:
        """The region with an alias about which the live engines disagree; None when none was found."""
        if self._differs(conditions.query(region.alias)):
            return region
        for alias in _some(region.language(), region.alias):
            if self._differs(conditions.query(alias)):
                return replace(region, alias=alias)
        return None

    def _sample(self, domain: Language, conditions: tuple[Conditions, ...], error: NotProved) -> None:
        """Tries some aliases where there is no proof, and notes that there is none."""
        self.unproved.setdefault(f"not everything could be compared: {error}")
        try:
            for alias in _some(domain, witness(domain)):
                if self._differs(conditions[0].query(alias)):
                    self._add(("sampled", alias), Region(alias, (), ((), ()), lambda: domain), conditions)
                    return
        except NotProved:
            return

    def _differs(self, query: Query) -> bool:
        return _destinations(self.old.search(query)) != _destinations(self.new.search(query))


def _destinations(explanation: Explanation) -> list[frozenset[tuple[str, str]]]:
    """The zones of each tier, each with its alias."""
    return [frozenset((target.zone, target.alias) for target in tier.targets) for tier in explanation.tiers]


def _some(aliases: Language, alias: str | None) -> Iterator[str]:
    """A few aliases, the given one first. Raises NotProved when the language is too large."""
    for _ in range(WITNESSES):
        if alias is None:
            return
        yield alias
        aliases = aliases - Language.only(alias, aliases.alphabet)
        alias = witness(aliases)
