"""The context that all families of findings share: the plan in both forms, and the requests that zones can send."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import cached_property
from typing import TypeVar

from dialplan.analysis import (
    Conditions,
    FactsIndex,
    Language,
    Languages,
    NotProved,
    Sender,
    SymbolicPlan,
    SymbolicRule,
    Witnesses,
    conditions_of,
)
from dialplan.model import Entry, Traffic
from dialplan.pattern.folding import fold
from dialplan.search.search import CompiledPlan, Explanation, is_address

KeyT = TypeVar("KeyT", bound=Hashable)


class Context:
    """``conditions``: those of all requests that the zones can send. In a mask each has the bit of its position."""

    def __init__(self, plan: CompiledPlan, senders: Sequence[Sender], known_zones: bool) -> None:
        """``known_zones``: a configuration named the senders; else they are the zones that the plan names."""
        self.plan = plan
        self.senders = tuple(senders)
        self.known_zones = known_zones
        self.symbolic = SymbolicPlan(plan, Languages([plan]))
        self.languages = self.symbolic.languages
        self.rules = self.symbolic.rules
        self.conditions = _plainest_first(conditions_of(self.senders))
        self._masks = _masks(self.rules, self.conditions)
        self._rule_of = {id(rule.rule): rule for rule in self.rules}
        self.witnesses = Witnesses()
        self.unproved: dict[str, int] = {}
        """Open question -> how often it came up."""
        self.unreachable: dict[str, tuple[SymbolicRule, ...]] = {}
        """Name of a rule -> the rules that hide it."""
        self.duplicates: dict[str, SymbolicRule] = {}
        """Name of a rule -> the rule that says the same before it."""

    def mask(self, rule: SymbolicRule) -> int:
        """The conditions under which a rule applies, one bit each."""
        return self._masks[rule]

    def rule_of(self, entry: Entry) -> SymbolicRule:
        """``entry``: an enabled search rule of the plan."""
        return self._rule_of[id(entry)]

    @cached_property
    def sources(self) -> dict[str, int]:
        """Name of a zone -> the conditions of its requests, one bit each."""
        bits: dict[str, int] = {}
        for place, conditions in enumerate(self.conditions):
            bits[conditions.source] = bits.get(conditions.source, 0) | 1 << place
        return bits

    def near(self, rule: SymbolicRule) -> int:
        """The rules that may apply to a request, of one @ at most, to which this one does: a bit for each place."""
        return self._facts.near(rule.facts, one_at=True) & self._together(self.mask(rule))

    @cached_property
    def _facts(self) -> FactsIndex:
        return FactsIndex([rule.facts for rule in self.rules])

    def _together(self, mask: int) -> int:
        """A bit for each place of a rule that applies under some of these conditions."""
        bits = 0
        for other, places in self._places.items():
            bits |= places if mask & other else 0
        return bits

    @cached_property
    def _places(self) -> dict[int, int]:
        """Mask -> the rules that have it, a bit for each place."""
        return bits_by(self.rules, self.mask)

    def first(self, mask: int) -> Conditions:
        """The plainest conditions of a mask that is not 0."""
        return self.conditions[(mask & -mask).bit_length() - 1]

    def plain_witness(self, language: Language) -> str | None:
        """An alias of the language; None when it is empty or too large."""
        try:
            return self.witnesses.witness(language)
        except NotProved:
            return None

    def not_proved(self, what: str) -> None:
        self.unproved[what] = self.unproved.get(what, 0) + 1


def bits_by(rules: Iterable[SymbolicRule], key: Callable[[SymbolicRule], KeyT]) -> dict[KeyT, int]:
    """Key -> the rules that have it, a bit for each place."""
    bits: dict[KeyT, int] = {}
    for place, rule in enumerate(rules):
        bits[key(rule)] = bits.get(key(rule), 0) | 1 << place
    return bits


def _masks(rules: Iterable[SymbolicRule], conditions: Sequence[Conditions]) -> dict[SymbolicRule, int]:
    """The conditions under which each rule applies. Those of a signature are computed once, as they are the same."""
    masks: dict[tuple[object, ...], int] = {}
    result = {}
    for rule in rules:
        key = rule.signature
        if key not in masks:
            masks[key] = sum(1 << place for place, each in enumerate(conditions) if rule.admits(each))
        result[rule] = masks[key]
    return result


def applies(explanation: Explanation, rule: SymbolicRule) -> bool:
    """Whether the rule applies to this request."""
    if not any(tier.priority == rule.rule.priority for tier in explanation.tiers):
        return False
    return _fits(explanation, rule)


def hidden(explanation: Explanation, rule: SymbolicRule) -> bool:
    """Whether the rule fits the request, but the search stops before it."""
    tiers = explanation.tiers
    if not (tiers and tiers[-1].stop and tiers[-1].priority < rule.rule.priority):
        return False
    return _fits(explanation, rule)


def _fits(explanation: Explanation, rule: SymbolicRule) -> bool:
    folded = fold(explanation.searched)
    return rule.compiled.refusal(explanation.query, folded, is_address(folded)) is None


def _plainest_first(conditions: Iterable[Conditions]) -> list[Conditions]:
    """Those without authentication first, and among these IM and presence first."""
    return sorted(conditions, key=lambda each: (each.authenticated, each.traffic is not Traffic.MICROSOFT_IMP))
