"""Rules that compete for an alias: one is partly hidden by another, or both are tried at the same time.

Plans have specific rules before general ones, so only a rule that is no special case hides another. An overlap that
needs an odd alias (``imp1.example.com@other.example``) is a note.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dialplan.analysis import Conditions, NotProved, SymbolicRule, places_of, plain_aliases, well_formed
from dialplan.check.witnesses.composing import composed
from dialplan.check.witnesses.context import Context, applies, bits_by, hidden
from dialplan.check.witnesses.finding import Finding, Level
from dialplan.check.witnesses.reaching import reach
from dialplan.model import Mode, Query
from dialplan.search.search import Explanation

MAX_COMPARED = 300
"""Rules whose automata are compared with those of one rule."""
MAX_ODD = 20
"""Rules still compared after an overlap by an odd alias has been found."""

Claim = Callable[[Explanation, SymbolicRule], bool]


def overlaps(context: Context) -> Iterator[Finding]:
    pairs = _Pairs(context)
    for place, rule in enumerate(context.rules):
        if rule.rule.name in context.unreachable or not context.mask(rule):
            continue
        competing = pairs.first(rule, pairs.hiding(rule), True)
        if competing:
            yield _shadowed(rule, *competing)
        competing = pairs.first(rule, pairs.beside(rule, place), False)
        if competing:
            yield _ambiguous(rule, *competing)
    if pairs.left_out:
        context.not_proved(f"whether {pairs.left_out} pairs of rules share an alias")


Competing = tuple[SymbolicRule, Query, bool]
"""(the other rule, a request for which both compete, whether its alias is odd)."""


class _Pairs:
    """Sets of rules are masks with a bit for each place among the rules."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._stopping = bits_by(context.rules, lambda rule: rule.compiled.stop).get(True, 0)
        self._effects = bits_by(context.rules, _effect)
        self._targets = bits_by(context.rules, lambda rule: rule.rule.target)
        self._tiers = bits_by(context.rules, lambda rule: rule.rule.priority)
        self.left_out = 0
        """The number of pairs that were not compared."""

    def hiding(self, rule: SymbolicRule) -> int:
        """Rules that may stop requests before this rule sends them elsewhere."""
        near = self._context.near(rule) & self._stopping & ~self._effects[_effect(rule)]
        return near & _below(self._tiers[rule.rule.priority])

    def beside(self, rule: SymbolicRule, place: int) -> int:
        """Rules before this one that may be tried at the same time, and send requests elsewhere."""
        near = self._context.near(rule) & self._tiers[rule.rule.priority] & ~self._targets[rule.rule.target]
        return near & _below(1 << place)

    def first(self, rule: SymbolicRule, others: int, hides: bool) -> Competing | None:
        """The first of the others that competes for a plain alias, or else for an odd one; None when none does."""
        context = self._context
        odd: Competing | None = None
        compared = after_odd = 0
        for place in places_of(others):
            earlier = context.rules[place]
            if earlier.facts.apart(rule.facts, one_at=True):
                continue
            compared += 1
            after_odd += odd is not None
            if compared > MAX_COMPARED or after_odd > MAX_ODD:
                self.left_out += odd is None
                continue
            common = context.mask(rule) & context.mask(earlier)
            shared = self._shared(earlier, rule, common, hides, odd is None)
            if shared is None:
                continue
            alias, is_odd = shared
            competing = earlier, context.first(common).query(alias), is_odd
            if not is_odd:
                return competing
            odd = odd or competing
        return odd

    def _shared(
        self, earlier: SymbolicRule, rule: SymbolicRule, common: int, hides: bool, or_odd: bool
    ) -> tuple[str, bool] | None:
        """(an alias for which they compete, whether it is odd); None when the live engine confirms none.

        ``or_odd``: odd ones are wanted, too.
        """
        context = self._context
        alphabet = context.languages.alphabet
        if _told_apart(earlier, rule) or _told_apart(rule, earlier):
            return None
        both = earlier.language & rule.language
        claim = hidden if hides else applies
        conditions = context.first(common)
        try:
            alias = self._composed(earlier, rule, conditions, claim)
            wanted = well_formed(alphabet) if or_odd else plain_aliases(alphabet)
            if alias is None and (both & wanted).is_empty():
                return None
            if hides and _special_case(context, earlier, rule):
                return None
            if alias is not None:
                return alias, False
            alias = reach(context, earlier, both, conditions).alias
            if alias is not None and claim(context.plan.search(conditions.query(alias)), rule):
                return alias, alias not in plain_aliases(alphabet)
        except NotProved:
            self.left_out += 1
        return None

    def _composed(self, earlier: SymbolicRule, rule: SymbolicRule, conditions: Conditions, claim: Claim) -> str | None:
        """A plain alias for which they compete, made of one of each rule; None when none is found that way.

        Of a hundred pairs that compete 98 need no automata so (tools/bench/check.py); the others are searched for one.
        """
        context = self._context
        plain = plain_aliases(context.languages.alphabet)
        for alias in composed(context.plain_witness(earlier.language), context.plain_witness(rule.language)):
            if earlier.matches(alias) and rule.matches(alias) and alias in plain:
                explanation = context.plan.search(conditions.query(alias))
                if applies(explanation, earlier) and claim(explanation, rule):
                    return alias
        return None


def _below(bits: int) -> int:
    """All places below the lowest of these."""
    return (bits & -bits) - 1


def _effect(rule: SymbolicRule) -> tuple[str, object]:
    return rule.rule.target, rule.rewriting


def _told_apart(some: SymbolicRule, other: SymbolicRule) -> bool:
    """Whether one matches a few texts only, none of which the other matches: that needs no automata."""
    texts = some.facts.exact
    return texts is not None and not any(other.matches(text) for text in texts)


def _special_case(context: Context, earlier: SymbolicRule, rule: SymbolicRule) -> bool:
    """Whether the rule applies to all that the earlier one applies to. Raises NotProved when that is too large."""
    if context.mask(earlier) & ~context.mask(rule) or earlier.rule.mode is Mode.ANY_ALIAS:
        return False
    if rule.rule.mode is Mode.ANY_ALIAS:
        return True
    alias = context.plain_witness(earlier.language)
    return (alias is None or rule.matches(alias)) and earlier.language.within(rule.language)


def _shadowed(rule: SymbolicRule, earlier: SymbolicRule, query: Query, odd: bool) -> Finding:
    where = f'to zone "{earlier.rule.target}" instead of "{rule.rule.target}"'
    if earlier.rule.target == rule.rule.target:
        where = f'to zone "{rule.rule.target}" as another alias'
    return Finding(
        "shadowed",
        Level.NOTE if odd else Level.WARNING,
        rule.rule.location,
        f'part of what search rule "{rule.rule.name}" matches goes {where}: '
        f'"{earlier.rule.name}" (priority {earlier.rule.priority}) stops the search before it',
        "put the rule that is meant for such requests first, or narrow the other one's pattern",
        rule.rule.name,
        query,
        lambda explanation: hidden(explanation, rule) and applies(explanation, earlier),
    )


def _ambiguous(rule: SymbolicRule, earlier: SymbolicRule, query: Query, odd: bool) -> Finding:
    return Finding(
        "ambiguous",
        Level.NOTE if odd else Level.WARNING,
        rule.rule.places.get("priority", rule.rule.location),
        f'search rules "{earlier.rule.name}" and "{rule.rule.name}" share aliases and priority {rule.rule.priority}: '
        f'zones "{earlier.rule.target}" and "{rule.rule.target}" are asked at the same time',
        "give them different priorities, the more specific one the lower number",
        rule.rule.name,
        query,
        lambda explanation: applies(explanation, rule) and applies(explanation, earlier),
    )
