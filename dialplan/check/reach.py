"""Rules that no request reaches: Stop rules hide them, or transforms change all their aliases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dialplan.analysis import Conditions, NotProved, SymbolicRule, well_formed
from dialplan.check.witnesses.context import Context, hidden
from dialplan.check.witnesses.finding import Finding, Level
from dialplan.check.witnesses.reaching import reach

Blockers = tuple[SymbolicRule, ...]


@dataclass(frozen=True, slots=True)
class _Hidden:
    """A rule that no well-formed alias reaches."""

    blockers: Blockers
    """The rules that hide it."""
    alias: str | None
    """An alias that it matches and that is hidden, under ``conditions``; None when no transform leaves one."""
    conditions: Conditions
    odd: str | None
    """An alias that is not well-formed and does reach it."""


def unreachable(context: Context) -> Iterator[Finding]:
    for rule in context.rules:
        if not context.mask(rule) or (context.plain_witness(rule.language) is None and rule.language.is_empty()):
            continue  # other findings are about these
        try:
            hidden_rule = _hidden_everywhere(context, rule)
        except NotProved:
            context.not_proved(f'whether anything reaches search rule "{rule.rule.name}"')
            continue
        if hidden_rule is not None:
            context.unreachable[rule.rule.name] = hidden_rule.blockers
            if hidden_rule.blockers == (context.duplicates.get(rule.rule.name),):
                continue  # the finding about duplicates says it
            yield _away(rule) if hidden_rule.alias is None else _finding(rule, hidden_rule, hidden_rule.alias)


def _hidden_everywhere(context: Context, rule: SymbolicRule) -> _Hidden | None:
    """None when a well-formed alias reaches the rule. Raises NotProved when its language is too large."""
    ordinary = well_formed(context.languages.alphabet)
    left = context.mask(rule)
    blockers: dict[int, SymbolicRule] = {}
    alias, odd = None, None
    shown_under = context.first(left)
    while left:
        conditions = context.first(left)
        reached = reach(context, rule, rule.language, conditions)
        if reached.alias is not None and (reached.hidden not in ordinary or reached.alias in ordinary):
            return None
        odd = odd or reached.alias
        if alias is None and reached.hidden is not None:
            alias, shown_under = reached.hidden, conditions
        blockers |= {id(blocker): blocker for blocker in reached.blockers}
        together = left
        for blocker in reached.blockers:
            together &= context.mask(blocker)  # under these conditions the blockers hide it, too
        left &= ~(together | left & -left)
    by_priority = sorted(blockers.values(), key=lambda blocker: blocker.rule.priority)
    return _Hidden(tuple(by_priority), alias, shown_under, odd)


def _finding(rule: SymbolicRule, hidden_rule: _Hidden, alias: str) -> Finding:
    blockers = hidden_rule.blockers
    same = all(_effect(blocker) == _effect(rule) for blocker in blockers)
    names = " and ".join(f'"{blocker.rule.name}" (priority {blocker.rule.priority})' for blocker in blockers[:3])
    more = f" and {len(blockers) - 3} more" if len(blockers) > 3 else ""
    stop = "stops" if len(blockers) == 1 else "stop"
    ends = "the outcome is the same without it" if same else _elsewhere(rule, blockers)
    first = min(blocker.rule.priority for blocker in blockers)
    odd = hidden_rule.odd
    never = f"reached only by aliases such as {odd}" if odd is not None else "never reached"
    return Finding(
        "unreachable",
        Level.WARNING if same else Level.ERROR,
        rule.rule.location,
        f'search rule "{rule.rule.name}" is {never}: {names}{more} {stop} the search before it; {ends}',
        "delete it" if same else f"give it a priority number of {first} or less, or narrow the pattern that hides it",
        rule.rule.name,
        hidden_rule.conditions.query(alias),
        lambda explanation: hidden(explanation, rule),
    )


def _effect(rule: SymbolicRule) -> tuple[str, object]:
    return rule.rule.target, rule.rewriting


def _elsewhere(rule: SymbolicRule, blockers: Blockers) -> str:
    targets = [blocker.rule.target for blocker in blockers if blocker.rule.target != rule.rule.target]
    zones = dict.fromkeys(f'"{target}"' for target in targets)
    if not zones:
        return "its alias would be another one"
    return f'its requests go to zone {" or ".join(zones)} instead of "{rule.rule.target}"'


def _away(rule: SymbolicRule) -> Finding:
    return Finding(
        "transformed-away",
        Level.ERROR,
        rule.rule.places.get("pattern", rule.rule.location),
        f'search rule "{rule.rule.name}" is never reached: after the transforms no alias looks like its pattern',
        "write the pattern for the alias as the transforms leave it",
        rule.rule.name,
    )
