"""What all families of findings share: the plan in both forms, who can send what, and the way to a witness."""

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
    """``conditions``: what the zones can send, each with a bit in the masks below."""

    def __init__(self, plan: CompiledPlan, senders: Sequence[Sender], known_zones: bool) -> None:
        self.plan = plan
        self.senders = tuple(senders)
        self.known_zones = known_zones
        """The senders are all there are; else they are those that the plan names."""
        self.symbolic = SymbolicPlan(plan, Languages([plan]))
        self.languages = self.symbolic.languages
        self.rules = self.symbolic.rules
        self.conditions = _plainest_first(conditions_of(self.senders))
        self._masks: dict[tuple[object, ...], int] = {}
        self.unproved: dict[str, int] = {}
        """What could not be decided -> how often."""
        self.unreachable: dict[str, tuple[SymbolicRule, ...]] = {}
        """Name of a rule -> the rules that hide it."""
        self.duplicates: dict[str, SymbolicRule] = {}
        """Name of a rule -> the rule that says the same before it."""

    def mask(self, rule: SymbolicRule) -> int:
        """The conditions under which a rule applies, one bit each."""
        key = rule.signature
        if key not in self._masks:
            bits = [1 << place for place, one in enumerate(self.conditions) if rule.admits(one)]
            self._masks[key] = sum(bits)
        return self._masks[key]

    def first(self, mask: int) -> Conditions:
        """The plainest of a mask that is not 0."""
        return self.conditions[(mask & -mask).bit_length() - 1]

    def plain_witness(self, language: Language) -> str | None:
        """An alias of the language, None when there is none or that was not proved."""
        try:
            return witness(language)
        except NotProved:
            return None

    def not_proved(self, what: str) -> None:
        self.unproved[what] = self.unproved.get(what, 0) + 1


def applies(explanation: Explanation, rule: SymbolicRule) -> bool:
    """Whether the rule is asked for this request."""
    tiers = explanation.tiers
    if not any(tier.priority == rule.rule.priority for tier in tiers):
        return False
    return rule.compiled.refusal(explanation.query, *_folded(explanation)) is None


def hidden(explanation: Explanation, rule: SymbolicRule) -> bool:
    """Whether the rule fits the request, but the search stops before it."""
    tiers = explanation.tiers
    if not (tiers and tiers[-1].stop and tiers[-1].priority < rule.rule.priority):
        return False
    return rule.compiled.refusal(explanation.query, *_folded(explanation)) is None


def _folded(explanation: Explanation) -> tuple[str, bool]:
    folded = fold(explanation.searched)
    return folded, is_address(folded)


def _plainest_first(conditions: Iterable[Conditions]) -> list[Conditions]:
    """Not authenticated before authenticated, IM and presence before all else."""
    return sorted(conditions, key=lambda one: (one.authenticated, one.traffic is not Traffic.MICROSOFT_IMP))
