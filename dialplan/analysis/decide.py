"""The decisions of plans about a class of requests: it falls into regions, each with a witness and a routing per plan.

A region is made from its witness. Take any alias that is in no region yet. The rules are asked about it, up to the tier
that stops, and all aliases that match the same of these rules are its region. The other aliases fall apart by the first
rule with another answer. So there are as many steps as regions, and a rule that shares no alias with a region never
enters it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product

from dialplan.analysis.languages.automaton import NotProved
from dialplan.analysis.languages.language import Language
from dialplan.model import Query
from dialplan.pattern.folding import fold

from .meetings import Item, Meetings
from .plan import Branch, SymbolicPlan, SymbolicRule
from .requests import Conditions, RequestClass
from .routing import Routing, routing_of

MAX_REGIONS = 2000


@dataclass(frozen=True, slots=True)
class Region:
    """Aliases that each plan treats alike under the same conditions. ``routings`` and ``rules``: one for each plan."""

    alias: str
    """A witness."""
    routings: tuple[Routing, ...]
    rules: tuple[tuple[SymbolicRule, ...], ...]
    """The rules that apply, in their order."""
    language: Callable[[], Language]
    """Makes the language of all aliases of the region."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The routing of all these requests by one plan."""

    conditions: tuple[Conditions, ...]
    aliases: Language
    routing: Routing
    rules: tuple[SymbolicRule, ...]
    witness: Query


def decide(plan: SymbolicPlan, requests: RequestClass, meetings: Meetings | None = None) -> Iterator[Decision]:
    """The class cut into parts with one routing each. Raises NotProved when it is too large, maybe after some parts.

    ``meetings``: what is known from earlier calls with the same alphabet, and is added to.
    """
    for admitted, conditions in by_admitted((plan,), requests.conditions()):
        for region in regions((plan,), admitted, requests.aliases, meetings):
            query = conditions[0].query(region.alias)
            yield Decision(conditions, region.language(), region.routings[0], region.rules[0], query)


Admitted = tuple[tuple[SymbolicRule, ...], ...]
"""For each plan the rules that apply under the same conditions."""


def by_admitted(
    plans: Sequence[SymbolicPlan], conditions: Iterable[Conditions]
) -> list[tuple[Admitted, tuple[Conditions, ...]]]:
    """The conditions grouped by the rules that apply under them."""
    groups: dict[Admitted, list[Conditions]] = {}
    for each in conditions:
        groups.setdefault(tuple(plan.admitted(each) for plan in plans), []).append(each)
    return [(admitted, tuple(group)) for admitted, group in groups.items()]


def regions(
    plans: Sequence[SymbolicPlan], admitted: Admitted, aliases: Language, meetings: Meetings | None = None
) -> Iterator[Region]:
    """Raises NotProved when there are too many regions, or one is too large, possibly after some of them."""
    meetings = meetings or Meetings()
    for branches in product(*(plan.branches for plan in plans)):
        base = aliases
        for branch in branches:
            base = base & branch.domain
        if base.clauses and not base.is_empty():
            yield from Exploration(branches, admitted, meetings.item(base), meetings).regions()


Tiers = list[list[SymbolicRule]]
"""The rules that apply, by priority."""


class Exploration:
    """The regions of one language, ``base``, under one branch of each plan.

    ``left_out``: rules whose aliases need no region; regions of such aliases may be missing. As an attribute: their
    languages, on which, with the base and ``relevant``, the regions depend.
    """

    def __init__(
        self,
        branches: tuple[Branch, ...],
        admitted: Admitted,
        base: Item,
        meetings: Meetings,
        left_out: Iterable[tuple[Sequence[SymbolicRule], Branch]] = (),
    ) -> None:
        self._branches = branches
        self._base = base
        self._meetings = meetings
        self._views = [meetings.near(base, rules, branch) for branch, rules in zip(branches, admitted, strict=True)]
        self.left_out = frozenset[Item]().union(*(meetings.items(base, rules, branch) for rules, branch in left_out))

    @property
    def relevant(self) -> tuple[tuple[SymbolicRule, ...], ...]:
        """For each plan the rules that may share an alias with the base; the same rules give the same regions."""
        return tuple(tuple(rule for rule, _ in view) for view in self._views)

    def regions(self, most: int | None = None) -> Iterator[Region]:
        """Raises NotProved when there are more than ``most`` (None: MAX_REGIONS), or when one is too large."""
        most = MAX_REGIONS if most is None else most
        waiting: list[tuple[tuple[Item, ...], tuple[Item, ...]]] = [((), ())]
        count = 0
        while waiting:
            inside, outside = waiting.pop()
            alias = self._alias(inside, outside)
            if alias is None:
                continue
            count += 1
            if count > most:
                raise NotProved(f"more than {most} cases for aliases such as {alias}")
            tiers, consulted = self._asked(alias)
            known = {*inside, *outside}
            for item, matched in consulted.items():
                if item in known:
                    continue
                if matched:
                    waiting.append((inside, (*outside, item)))
                    inside = (*inside, item)
                elif item not in self.left_out and self._may_meet(inside, item):
                    waiting.append(((*inside, item), outside))
                    outside = (*outside, item)
            yield self._region(alias, partial(self._language, inside, outside), tiers)

    def _region(self, alias: str, language: Callable[[], Language], tiers: list[Tiers]) -> Region:
        rules = tuple(tuple(rule for tier in of_plan for rule in tier) for of_plan in tiers)
        routings = tuple(routing_of(branch, of_plan) for branch, of_plan in zip(self._branches, tiers, strict=True))
        return Region(alias, routings, rules, language)

    def _may_meet(self, inside: tuple[Item, ...], item: Item) -> bool:
        return all(self._meetings.meet(member, item) for member in (self._base, *inside))

    def _asked(self, alias: str) -> tuple[list[Tiers], dict[Item, bool]]:
        """(for each plan the tiers of rules that apply, the answer of each language that was asked, in order)."""
        folded = fold(alias)
        asked: dict[Item, bool] = {}
        return [_tiers(view, folded, asked) for view in self._views], asked

    def _alias(self, inside: tuple[Item, ...], outside: tuple[Item, ...]) -> str | None:
        """An alias of the region; None when it is empty.

        A language outside is subtracted only when an alias turns out to be in it, for most never are.
        """
        region = self._language(inside, ())
        while (alias := self._meetings.witnesses.witness(region)) is not None:
            folded = fold(alias)
            wrong = [item for item in outside if item.test(folded)]
            if not wrong:
                return alias
            for item in wrong:
                region = region - item.language
            if _is_empty(region):
                return None
        return None

    def _language(self, inside: tuple[Item, ...], outside: tuple[Item, ...]) -> Language:
        result = self._base.language
        for item in inside:
            result = result & item.language
        for item in outside:
            if self._may_meet(inside, item):
                result = result - item.language
        return result


def _is_empty(region: Language) -> bool:
    """Whether nothing is left, which is often so: one walk tells it, ``witness`` takes four. False when unknown."""
    try:
        return region.is_empty()
    except NotProved:
        return False


def _tiers(view: Iterable[tuple[SymbolicRule, Item]], folded: str, asked: dict[Item, bool]) -> Tiers:
    """The tiers of rules that apply to an alias. Each language is asked once; ``asked`` notes its answer."""
    tiers: Tiers = []
    last = None
    stop = False
    for rule, item in view:
        priority = rule.compiled.priority
        if stop and priority != last:
            break
        matches = asked.get(item)
        if matches is None:
            matches = asked[item] = item.test(folded)
        if not matches:
            continue
        if priority != last:
            tiers.append([])
            last = priority
        tiers[-1].append(rule)
        stop = stop or rule.compiled.stop
    return tiers
