"""The search for a request to which a rule applies, guided by the live engine.

An alias is tried, and the engine names the rule that stops it. The aliases of that rule are subtracted, so that it does
not stop the next alias. So a rule is compared only with rules that do hide some of it. The end is either a request, or
all rules that hide it together.
"""

from __future__ import annotations

from dataclasses import dataclass

from dialplan.analysis import Branch, Conditions, Language, NotProved, SymbolicRule
from dialplan.pattern.folding import fold
from dialplan.search.search import Explanation

from .context import Context, applies

MAX_BLOCKERS = 60
"""More rules that hide parts of one rule are not subtracted."""
SAMPLES = 5
"""Aliases tried when there is no exact way to turn a transform round."""


@dataclass(frozen=True, slots=True)
class Reached:
    alias: str | None
    """It reaches the rule, and is well-formed if any such alias does; None: no alias reaches it."""
    blockers: tuple[SymbolicRule, ...] = ()
    """Rules that hide the aliases that were tried before."""
    hidden: str | None = None
    """The first of these aliases."""


def reach(context: Context, rule: SymbolicRule, searched: Language, conditions: Conditions) -> Reached:
    """``searched``: some of the aliases that the rule matches, after the transforms.

    Raises NotProved when no alias reaches the rule as far as is known, and a language was too large to know.
    """
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
        """An alias of the region that reaches the rule; None when none does. Raises NotProved when it is too large."""
        for blocker in self.blockers:
            region = region - branch.before(blocker.language)
        while (alias := self._context.witnesses.witness(region)) is not None:
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
        """One of a few aliases of the region that happens to reach the rule; None when none of them does."""
        for _ in range(SAMPLES):
            try:
                alias = self._context.witnesses.witness(region)
            except NotProved:
                return None
            if alias is None or applies(self._searched(alias), self._rule):
                return alias
            region = region - Language.only(alias, region.alphabet)
        return None

    def _searched(self, alias: str) -> Explanation:
        return self._context.plan.search(self._conditions.query(alias))

    def _blocker(self, explanation: Explanation) -> SymbolicRule:
        """The rule that ended the search: the first of the last tier that says Stop."""
        last = explanation.tiers[-1].priority if explanation.tiers else 0
        folded = fold(explanation.searched)
        for rule in self._context.rules:
            if rule.rule.priority == last and rule.compiled.stop and rule.admits(self._conditions):
                if folded in rule.language:
                    return rule
        raise AssertionError(f"{explanation.alias}: neither reached nor stopped")
