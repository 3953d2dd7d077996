"""Rules that compete for an alias: one is partly hidden by another, or both are tried at the same time.

Plans have specific rules before general ones, so only a rule that is no special case hides another. An overlap that
needs an odd alias (``imp1.example.com@other.example``) is a note.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dialplan.analysis import NotProved, SymbolicRule, plain_aliases, well_formed
from dialplan.check.witnesses.context import Context, applies, hidden
from dialplan.check.witnesses.finding import Finding, Level
from dialplan.check.witnesses.reaching import reach
from dialplan.model import Mode, Query

MAX_COMPARED = 300
"""Rules whose automata are compared with those of one rule."""
MAX_ODD = 20
"""Rules still compared after an overlap by an odd alias has been found."""

Wanted = Callable[[SymbolicRule, SymbolicRule], bool]


def overlaps(context: Context) -> Iterator[Finding]:
    pairs = _Pairs(context)
    for position, rule in enumerate(context.rules):
        if rule.rule.name in context.unreachable or not context.mask(rule):
            continue
        competing = pairs.first(position, _hides)
        if competing:
            yield _shadowed(rule, *competing)
        competing = pairs.first(position, _beside)
        if competing:
            yield _ambiguous(rule, *competing)
    if pairs.left_out:
        context.not_proved(f"whether {pairs.left_out} pairs of rules share an alias")


def _hides(earlier: SymbolicRule, rule: SymbolicRule) -> bool:
    return (
        earlier.compiled.stop
        and earlier.rule.priority < rule.rule.priority
        and (earlier.rule.target, earlier.rewriting) != (rule.rule.target, rule.rewriting)
    )


def _beside(earlier: SymbolicRule, rule: SymbolicRule) -> bool:
    return earlier.rule.priority == rule.rule.priority and earlier.rule.target != rule.rule.target


Competing = tuple[SymbolicRule, Query, bool]
"""(the other rule, a request for which both compete, whether its alias is odd)."""


class _Pairs:
    def __init__(self, context: Context) -> None:
        self._context = context
        self.left_out = 0
        """The number of pairs that were not compared."""

    def first(self, position: int, wanted: Wanted) -> Competing | None:
        """The first earlier rule that competes for a plain alias, or else for an odd one; None when none does."""
        context = self._context
        rule = context.rules[position]
        mask = context.mask(rule)
        odd: Competing | None = None
        compared = after_odd = 0
        for earlier in context.rules[:position]:
            common = mask & context.mask(earlier)
            if not (common and wanted(earlier, rule)) or earlier.facts.apart(rule.facts, one_at=True):
                continue
            compared += 1
            after_odd += odd is not None
            if compared > MAX_COMPARED or after_odd > MAX_ODD:
                self.left_out += odd is None
                continue
            shared = self._shared(earlier, rule, common, wanted is _hides)
            if shared is None:
                continue
            alias, is_odd = shared
            competing = earlier, context.first(common).query(alias), is_odd
            if not is_odd:
                return competing
            odd = odd or competing
        return odd

    def _shared(self, earlier: SymbolicRule, rule: SymbolicRule, common: int, hides: bool) -> tuple[str, bool] | None:
        """(an alias for which they compete, whether it is odd); None when the live engine confirms none."""
        context = self._context
        alphabet = context.languages.alphabet
        both = earlier.language & rule.language
        claim = hidden if hides else applies
        if _told_apart(earlier, rule) or _told_apart(rule, earlier):
            return None
        try:
            if (both & well_formed(alphabet)).is_empty() or (hides and _special_case(context, earlier, rule)):
                return None
            conditions = context.first(common)
            alias = reach(context, earlier, both, conditions).alias
            if alias is not None and claim(context.plan.search(conditions.query(alias)), rule):
                return alias, alias not in plain_aliases(alphabet)
        except NotProved:
            self.left_out += 1
        return None


def _told_apart(some: SymbolicRule, other: SymbolicRule) -> bool:
    """Whether one matches a few texts only, none of which the other matches: that needs no automata."""
    texts = some.facts.exact
    return texts is not None and not any(other.matches(text) for text in texts)


def _special_case(context: Context, earlier: SymbolicRule, rule: SymbolicRule) -> bool:
    """Whether the rule applies to all that the earlier one applies to. Raises NotProved when that is too large."""
    if context.mask(earlier) & ~context.mask(rule) or earlier.rule.mode is Mode.ANY_ALIAS:
        return False
    return rule.rule.mode is Mode.ANY_ALIAS or earlier.language.within(rule.language)


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
