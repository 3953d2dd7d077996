"""The search for a request that a rule applies to, guided by the live engine.

An alias is tried; what stops it is known by name, that rule's aliases are taken away, and the next alias is one that it
does not stop. So a rule is compared only with rules that do hide some of it, and in the end either a request is found
or the rules that hide everything are.
"""

from __future__ import annotations

from dataclasses import dataclass

from dialplan.analysis import Branch, Conditions, Language, NotProved, SymbolicRule, witness
from dialplan.pattern.folding import fold
from dialplan.search.search import Explanation

from .context import Context, applies

MAX_BLOCKERS = 60
"""More rules that hide parts of one rule are not taken together."""
SAMPLES = 5
"""Aliases tried where turning a transform round is out of reach."""


@dataclass(frozen=True, slots=True)
class Reached:
    """``alias`` reaches the rule, a well-formed one if any does; None: nothing does.

    ``blockers`` were found to hide all else, and ``hidden`` is an alias that shows it.
    """

    alias: str | None
    blockers: tuple[SymbolicRule, ...] = ()
    hidden: str | None = None


def reach(context: Context, rule: SymbolicRule, searched: Language, conditions: Conditions) -> Reached:
    """``searched``: some of the aliases that the rule matches, after the transforms. Raise NotProved."""
    search = _Search(context, rule, conditions)
    unproved: NotProved | None = None
    for branch in context.symbolic.branches:
        try:
            alias = search.within(branch, branch.domain & branch.before(searched))
        except NotProved as error:
            unproved = error
            alias = search.sampled(branch.domain)
        if alias is not None:
            return Reached(alias, tuple(search.blockers), search.hidden)
    if unproved:
        raise unproved
    return Reached(None, tuple(search.blockers), search.hidden)


class _Search:
    def __init__(self, context: Context, rule: SymbolicRule, conditions: Conditions) -> None:
        self._context = context
        self._rule = rule
        self._conditions = conditions
        self.blockers: list[SymbolicRule] = []
        self.hidden: str | None = None

    def within(self, branch: Branch, region: Language) -> str | None:
        for one in self.blockers:
            region = region - branch.before(one.language)
        while (alias := witness(region)) is not None:
            explanation = self._searched(alias)
            if applies(explanation, self._rule):
                return alias
            self.hidden = self.hidden or alias
            self.blockers.append(self._blocker(explanation))
            if len(self.blockers) > MAX_BLOCKERS:
                raise NotProved(f"more than {MAX_BLOCKERS} rules hide parts of it")
            region = region - branch.before(self.blockers[-1].language)
        return None

    def sampled(self, region: Language) -> str | None:
        """Some alias that happens to reach the rule."""
        for _ in range(SAMPLES):
            try:
                alias = witness(region)
            except NotProved:
                return None
            if alias is None or applies(self._searched(alias), self._rule):
                return alias
            region = region - Language.only(alias, region.alphabet)
        return None

    def _searched(self, alias: str) -> Explanation:
        return self._context.plan.search(self._conditions.query(alias))

    def _blocker(self, explanation: Explanation) -> SymbolicRule:
        """The first rule of the last tier that says Stop."""
        last = explanation.tiers[-1].priority if explanation.tiers else 0
        folded = fold(explanation.searched)
        for rule in self._context.rules:
            if rule.rule.priority == last and rule.compiled.stop and rule.admits(self._conditions):
                if folded in rule.language:
                    return rule
        raise AssertionError(f"{explanation.alias}: neither reached nor stopped")
