"""The context that all families of findings share: the plan in both forms, and the requests that zones can send."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dialplan.analysis import (
    Conditions,
    Language,
    Languages,
    NotProved,
    Sender,
    SymbolicPlan,
    SymbolicRule,
    conditions_of,
    witness,
)
from dialplan.model import Traffic
from dialplan.pattern.folding import fold
from dialplan.search.search import CompiledPlan, Explanation, is_address


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
        self._masks: dict[tuple[object, ...], int] = {}
        """One for all rules of a signature: a check of 150 rules takes 0.8 s with it, 4.7 without."""
        self.unproved: dict[str, int] = {}
        """Open question -> how often it came up."""
        self.unreachable: dict[str, tuple[SymbolicRule, ...]] = {}
        """Name of a rule -> the rules that hide it."""
        self.duplicates: dict[str, SymbolicRule] = {}
        """Name of a rule -> the rule that says the same before it."""

    def mask(self, rule: SymbolicRule) -> int:
        """The conditions under which a rule applies, one bit each."""
        key = rule.signature
        if key not in self._masks:
            bits = [1 << place for place, conditions in enumerate(self.conditions) if rule.admits(conditions)]
            self._masks[key] = sum(bits)
        return self._masks[key]

    def first(self, mask: int) -> Conditions:
        """The plainest conditions of a mask that is not 0."""
        return self.conditions[(mask & -mask).bit_length() - 1]

    def plain_witness(self, language: Language) -> str | None:
        """An alias of the language; None when it is empty or too large."""
        try:
            return witness(language)
        except NotProved:
            return None

    def not_proved(self, what: str) -> None:
        self.unproved[what] = self.unproved.get(what, 0) + 1


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
