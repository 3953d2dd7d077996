"""The order of writes in which every request, at every moment, goes as the old plan or as the new one has it.

The box takes one rule at a time, so between two plans there are others. A step is *safe* when every request whose way
it changes goes as the new plan has it from then on. So a request changes its way once at most, from old to new, and
never goes where neither plan would send it. Each step is proved for all requests by the exact analysis; an order is
searched depth first over the sets of writes that are done.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, islice

from dialplan.analysis import (
    Conditions,
    Language,
    Languages,
    NotProved,
    Sender,
    SymbolicPlan,
    SymbolicRule,
    by_admitted,
    conditions_of,
    regions,
)
from dialplan.analysis import senders_of as senders_of_plan
from dialplan.model import Dialplan, Protocol, Query, Traffic, Variables
from dialplan.search.search import CompiledPlan, Explanation

from .writes import Write, plan_after, writes_between

MAX_PROOFS = 3000
"""Steps that are examined before the search is given up."""
MAX_SETS = 200
"""Sets of writes that are examined for being safe together."""


@dataclass(frozen=True, slots=True)
class Misrouted:
    """A request that a step would send where neither plan does."""

    write: Write
    query: Query
    old: Explanation
    between: Explanation
    new: Explanation


@dataclass(frozen=True, slots=True)
class Order:
    """``steps``: safe ones, in order; all of them where ``stuck`` is empty and nothing is ``unproved``."""

    steps: tuple[Write, ...]
    stuck: tuple[Misrouted, ...] = ()
    """Where no order exists: behind the longest safe beginning, each write that is left with a request it misroutes."""
    unproved: tuple[str, ...] = ()
    together: tuple[Write, ...] = ()
    """Where no order exists: the fewest of the writes that are left that would be safe if they were done at once."""

    @property
    def complete(self) -> bool:
        return not self.stuck and not self.unproved


def safe_order(old: Dialplan, new: Dialplan, variables: Variables, senders: Sequence[Sender] | None = None) -> Order:
    """``senders``: None when every zone that a plan names can send everything.

    Both plans have the same transforms; ValueError if not.
    """
    if old.transforms != new.transforms:
        raise ValueError("the transforms of the two plans differ, and only search rules are pushed")
    search = _Search(old, new, variables, senders_of_plan(old + new) if senders is None else senders)
    orders = [search.order(_Part(writes)) for writes in search.parts(writes_between(old, new))]
    return Order(
        tuple(step for order in orders for step in order.steps),
        tuple(found for order in orders for found in order.stuck),
        tuple(dict.fromkeys(text for order in orders for text in order.unproved)),
        next((order.together for order in orders if order.together), ()),
    )


@dataclass(slots=True)
class _Part:
    """Writes whose rules match no alias that the rules of other writes match, and what is known of their orders."""

    writes: tuple[Write, ...]
    proofs: int = 0
    hopeless: set[frozenset[Write]] = field(default_factory=set)
    longest: tuple[Write, ...] = ()
    unproved: dict[str, None] = field(default_factory=dict)


@dataclass(slots=True)
class _Search:
    old: Dialplan
    new: Dialplan
    variables: Variables
    senders: Sequence[Sender]
    languages: Languages = field(init=False)
    plans: dict[frozenset[Write], SymbolicPlan] = field(default_factory=dict)
    """Writes that are done -> the plan then."""
    target: SymbolicPlan = field(init=False)

    def __post_init__(self) -> None:
        compiled = [CompiledPlan(plan, self.variables) for plan in (self.old, self.new)]
        self.languages = Languages(compiled)
        self.plans[frozenset()] = SymbolicPlan(compiled[0], self.languages)
        self.target = SymbolicPlan(compiled[1], self.languages)

    def parts(self, writes: Sequence[Write]) -> list[tuple[Write, ...]]:
        """The writes in groups that have nothing to do with each other: each is ordered by itself.

        Without that, ten independent writes beside two that have no order are a thousand states to be searched.
        """
        plans = (self.plans[frozenset()], self.target)
        parts: list[tuple[list[Write], list[Language]]] = []
        for write in writes:
            joined, languages = [write], [rule.language for rule in _rules_of(plans, (write,))]
            apart = []
            for part in parts:
                if any(_overlap(one, other) for one in languages for other in part[1]):
                    joined, languages = part[0] + joined, part[1] + languages
                else:
                    apart.append(part)
            parts = [*apart, (joined, languages)]
        place = {write: number for number, write in enumerate(writes)}
        found = [tuple(sorted(part, key=place.__getitem__)) for part, _ in parts]
        return sorted(found, key=lambda part: place[part[0]])

    def order(self, part: _Part) -> Order:
        steps = self._from(part, ())
        if steps is not None:
            return Order(steps)
        if part.unproved:
            return Order(part.longest, (), tuple(part.unproved))
        left = [write for write in part.writes if write not in part.longest]
        stuck = tuple(found for write in left if (found := self._misrouted(part.longest, (write,))) is not None)
        return Order(part.longest, stuck, together=self._together(part.longest, left))

    def _together(self, done: tuple[Write, ...], left: Sequence[Write]) -> tuple[Write, ...]:
        """All of them are safe together, as the plan is the new one then."""
        sets = (writes for size in range(2, len(left)) for writes in combinations(left, size))
        for writes in islice(sets, MAX_SETS):
            try:
                if self._misrouted(done, writes) is None:
                    return writes
            except NotProved:
                continue
        return tuple(left)

    def _from(self, part: _Part, done: tuple[Write, ...]) -> tuple[Write, ...] | None:
        """A whole order that begins with ``done``; None where there is none."""
        state = frozenset(done)
        if len(done) == len(part.writes):
            return done
        if state in part.hopeless:
            return None
        if len(done) > len(part.longest):
            part.longest = done
        for write in part.writes:
            if write not in state and self._is_safe(part, done, write):
                whole = self._from(part, (*done, write))
                if whole is not None:
                    return whole
        part.hopeless.add(state)
        return None

    def _is_safe(self, part: _Part, done: tuple[Write, ...], write: Write) -> bool:
        if part.proofs >= MAX_PROOFS:
            part.unproved.setdefault(f"more than {MAX_PROOFS} steps were examined without an order")
            return False
        part.proofs += 1
        try:
            return self._misrouted(done, (write,)) is None
        except NotProved as error:
            part.unproved.setdefault(f"{write}: {error}")
            return False

    def _misrouted(self, done: tuple[Write, ...], writes: Sequence[Write]) -> Misrouted | None:
        """A request that the writes, done at once, send elsewhere than before and than the new plan.

        Raises NotProved.
        """
        before, after = self._plan(frozenset(done)), self._plan(frozenset((*done, *writes)))
        plans = (before, after, self.target)
        for admitted, conditions in by_admitted(plans, _conditions(self.senders)):
            for aliases in self._touched(plans, writes):
                for region in regions(plans, admitted, aliases):
                    was, becomes, wanted = region.routings
                    if becomes not in (was, wanted):
                        query = conditions[0].query(region.alias)
                        found = Misrouted(
                            writes[0],
                            query,
                            before.plan.search(query),
                            after.plan.search(query),
                            self.target.plan.search(query),
                        )
                        return _confirmed(found)
        return None

    def _plan(self, done: frozenset[Write]) -> SymbolicPlan:
        if done not in self.plans:
            compiled = CompiledPlan(plan_after(self.old, done), self.variables)
            self.plans[done] = SymbolicPlan(compiled, self.languages)
        return self.plans[done]

    def _touched(self, plans: Sequence[SymbolicPlan], writes: Sequence[Write]) -> Iterator[Language]:
        """Aliases, as they arrive, that a rule matches before or after its write: all others keep their way."""
        for plan in plans[:2]:
            for rule in _rules_of((plan,), writes):
                for branch in plan.branches:
                    yield branch.before(rule.language) & branch.domain


def _conditions(senders: Sequence[Sender]) -> list[Conditions]:
    """Also of H.323 calls, which a box may have."""
    sip = conditions_of(senders)
    return [*sip, *(replace(one, protocol=Protocol.H323) for one in sip if one.traffic is Traffic.STANDARD)]


def _rules_of(plans: Sequence[SymbolicPlan], writes: Sequence[Write]) -> Iterator[SymbolicRule]:
    """The enabled rules of the plans that the writes put away or there."""
    changed = [rule for write in writes for rule in (write.before, write.after)]
    return (rule for plan in plans for rule in plan.rules if rule.rule in changed)


def _overlap(one: Language, other: Language) -> bool:
    try:
        return not (one & other).is_empty()
    except NotProved:
        return True


def _confirmed(found: Misrouted) -> Misrouted:
    """Raises NotProved where the forms of two rewritings differ, and the engine does the same for this alias."""
    ways = [_way(explanation) for explanation in (found.old, found.between, found.new)]
    if ways[1] in (ways[0], ways[2]):
        raise NotProved(f"two replace strings for aliases like {found.query.alias} may give the same")
    return found


def _way(explanation: Explanation) -> list[frozenset[tuple[str, str]]]:
    return [frozenset((target.zone, target.alias) for target in tier.targets) for tier in explanation.tiers]
