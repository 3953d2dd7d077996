"""Rules that no request reaches: hidden by Stop rules, or their aliases are transformed away."""

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
    """``alias`` and ``conditions`` show it; ``odd``: an alias that is not well-formed and does reach the rule."""

    blockers: Blockers
    alias: str | None
    conditions: Conditions
    odd: str | None


def unreachable(context: Context) -> Iterator[Finding]:
    for rule in context.rules:
        if not context.mask(rule) or rule.language.is_empty():
            continue  # told by others
        try:
            found = _hidden_everywhere(context, rule)
        except NotProved:
            context.not_proved(f'whether anything reaches search rule "{rule.rule.name}"')
            continue
        if found is not None:
            context.unreachable[rule.rule.name] = found.blockers
            if found.blockers == (context.duplicates.get(rule.rule.name),):
                continue  # told as a duplicate
            yield _away(rule) if found.alias is None else _finding(rule, found, found.alias)


def _hidden_everywhere(context: Context, rule: SymbolicRule) -> _Hidden | None:
    """What hides it from all well-formed aliases that it matches; None when one reaches it. Raise NotProved."""
    ordinary = well_formed(context.languages.alphabet)
    left = context.mask(rule)
    blockers: dict[int, SymbolicRule] = {}
    shown: tuple[str | None, Conditions] = (None, context.first(left))
    odd: str | None = None
    while left:
        conditions = context.first(left)
        found = reach(context, rule, rule.language, conditions)
        if found.alias is not None and (found.hidden not in ordinary or found.alias in ordinary):
            return None
        odd = odd or found.alias
        if shown[0] is None and found.hidden is not None:
            shown = (found.hidden, conditions)
        blockers |= {id(one): one for one in found.blockers}
        together = left
        for one in found.blockers:
            together &= context.mask(one)  # where these apply too, they hide it too
        left &= ~(together | left & -left)
    return _Hidden(tuple(sorted(blockers.values(), key=lambda one: one.rule.priority)), *shown, odd)


def _finding(rule: SymbolicRule, found: _Hidden, alias: str) -> Finding:
    blockers = found.blockers
    same = all((one.rule.target, one.rewriting) == (rule.rule.target, rule.rewriting) for one in blockers)
    names = " and ".join(f'"{one.rule.name}" (priority {one.rule.priority})' for one in blockers[:3])
    more = f" and {len(blockers) - 3} more" if len(blockers) > 3 else ""
    stop = "stops" if len(blockers) == 1 else "stop"
    ends = "the outcome is the same without it" if same else _elsewhere(rule, blockers)
    first = min(one.rule.priority for one in blockers)
    never = f"reached only by aliases such as {found.odd}" if found.odd is not None else "never reached"
    return Finding(
        "unreachable",
        Level.WARNING if same else Level.ERROR,
        rule.rule.location,
        f'search rule "{rule.rule.name}" is {never}: {names}{more} {stop} the search before it; {ends}',
        "delete it" if same else f"give it a priority number of {first} or less, or narrow the pattern that hides it",
        rule.rule.name,
        found.conditions.query(alias),
        lambda explanation: hidden(explanation, rule),
    )


def _elsewhere(rule: SymbolicRule, blockers: Blockers) -> str:
    zones = dict.fromkeys(f'"{one.rule.target}"' for one in blockers if one.rule.target != rule.rule.target)
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
