"""Rules that no request reaches: hidden by Stop rules, or their aliases are transformed away."""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis import Conditions, NotProved, SymbolicRule
from .context import Context, hidden
from .finding import Finding, Level
from .reaching import reach

Blockers = tuple[SymbolicRule, ...]


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
            blockers, alias, conditions = found
            context.unreachable[rule.rule.name] = blockers
            if blockers == (context.duplicates.get(rule.rule.name),):
                continue  # told as a duplicate
            yield _hidden(rule, blockers, alias, conditions) if alias is not None else _away(rule)


def _hidden_everywhere(context: Context, rule: SymbolicRule) -> tuple[Blockers, str | None, Conditions] | None:
    """What hides it, with a request that shows it; None when some request reaches it. Raise NotProved."""
    left = context.mask(rule)
    blockers: dict[int, SymbolicRule] = {}
    sample: tuple[str | None, Conditions] = (None, context.first(left))
    while left:
        conditions = context.first(left)
        found = reach(context, rule, rule.language, conditions)
        if found.alias is not None:
            return None
        if sample[0] is None and found.hidden is not None:
            sample = (found.hidden, conditions)
        blockers |= {id(one): one for one in found.blockers}
        together = left
        for one in found.blockers:
            together &= context.mask(one)  # where these apply too, they hide it too
        left &= ~(together | left & -left)
    return tuple(sorted(blockers.values(), key=lambda one: one.rule.priority)), *sample


def _hidden(rule: SymbolicRule, blockers: Blockers, alias: str, conditions: Conditions) -> Finding:
    same = all((one.rule.target, one.rewriting) == (rule.rule.target, rule.rewriting) for one in blockers)
    names = " and ".join(f'"{one.rule.name}" (priority {one.rule.priority})' for one in blockers[:3])
    more = f" and {len(blockers) - 3} more" if len(blockers) > 3 else ""
    stop = "stops" if len(blockers) == 1 else "stop"
    ends = "the outcome is the same without it" if same else _elsewhere(rule, blockers)
    first = min(one.rule.priority for one in blockers)
    return Finding(
        "unreachable",
        Level.WARNING if same else Level.ERROR,
        rule.rule.location,
        f'search rule "{rule.rule.name}" is never reached: {names}{more} {stop} the search before it; {ends}',
        "delete it" if same else f"give it a priority number of {first} or less, or narrow the pattern that hides it",
        rule.rule.name,
        conditions.query(alias),
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
