"""The search: at most one transform changes the alias, then the rules give tiers of targets by priority.

A *tier* is all rules of one priority that match: their targets are tried at the same time. Tiers come in ascending
priority, and the first that holds a rule with Stop is the last. A tier is for an alias that was not found in the tier
before; only the caller knows whether it was.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, TypedDict, TypeVar

from dialplan.collector import collector_paused
from dialplan.model import (
    Dialplan,
    Entry,
    EntryT,
    Location,
    PatternType,
    Query,
    RuleOutcome,
    Target,
    Tier,
    TraceEntry,
    Variables,
)
from dialplan.notes import pattern_problem
from dialplan.pattern.folding import MAX_ALIAS_LENGTH, fold
from dialplan.pattern.pattern import NO_VARIABLES, Pattern
from dialplan.problem import DialplanError, Problem
from dialplan.syntax import PatternError

from .compiled_rule import CompiledRule, CompiledTransform, Ready, ReplaceError
from .index import PatternIndex
from .uniqueness import unique_names, unique_priorities

CompiledT = TypeVar("CompiledT", CompiledTransform, CompiledRule)
Patterns = Mapping[tuple[PatternType, str], Pattern]
"""Type and text of a pattern -> the pattern, compiled with the variables of the plan."""


class TargetJson(TypedDict):
    rule: str
    zone: str
    alias: str


class TierJson(TypedDict):
    priority: int
    stop: bool
    targets: list[TargetJson]


def tiers_json(tiers: Iterable[Tier]) -> list[TierJson]:
    """Tiers as ``--json`` writes them, in the order of the search: for every command that prints a decision."""
    return [
        {
            "priority": tier.priority,
            "stop": tier.stop,
            "targets": [{"rule": target.rule, "zone": target.zone, "alias": target.alias} for target in tier.targets],
        }
        for tier in tiers
    ]


@dataclass(slots=True)  # not frozen: that would make it cost 1.2 % of a proxied MESSAGE's instructions
class Explanation:
    """The result of a search. Read only."""

    alias: str
    transform: str | None
    """The name of the transform that was applied."""
    searched: str
    """The alias after the transform."""
    tiers: tuple[Tier, ...]
    query: Query = field(repr=False, compare=False)
    plan: CompiledPlan = field(repr=False, compare=False)
    """The plan that was searched."""

    @property
    def trace(self) -> tuple[TraceEntry, ...]:
        """Every rule in the order of the search, with its outcome. It is made anew each time.

        A rule that fails in several ways has the first of these outcomes: disabled, stopped (it is behind a Stop),
        protocol, source, traffic, authentication, mode, pattern.
        """
        return self.plan.trace(self.query, self.searched, self.tiers)

    def to_json(self, *, trace: bool = True) -> dict[str, Any]:
        """``trace``: False puts None in its place, as it takes 10 ms with 10,000 rules."""
        return {
            "alias": self.alias,
            "transform": self.transform,
            "searched": self.searched,
            "tiers": tiers_json(self.tiers),
            "trace": [
                {"rule": entry.rule, "priority": entry.priority, "outcome": entry.outcome.value} for entry in self.trace
            ]
            if trace
            else None,
        }


class CompiledPlan:
    """A dial plan ready for searches."""

    dialplan: Dialplan
    variables: Variables
    rules: tuple[CompiledRule, ...]
    """In the order of the search, disabled ones too."""
    places: dict[str, Location]
    """Name of a rule -> where it is written."""
    _transforms: tuple[CompiledTransform, ...]

    def __init__(
        self, dialplan: Dialplan, variables: Variables = NO_VARIABLES, before: CompiledPlan | None = None
    ) -> None:
        """Raises DialplanError when something cannot be compiled with these variables.

        ``before``: a plan whose patterns are used again, if it has the same variables.
        """
        with collector_paused():
            for _ in self._compile(dialplan, variables, _ready(before, variables)):
                pass

    @classmethod
    def in_steps(
        cls, dialplan: Dialplan, variables: Variables, before: CompiledPlan
    ) -> Generator[None, None, CompiledPlan]:
        """Compile with a rest after each entry, for who has other work to do; patterns of ``before`` are used again.

        A step takes 0.1 ms, as a rule less, but for the first and the last: 1.5 ms for each 1,000 rules. Raises
        DialplanError as ``__init__`` does.
        """
        plan = cls.__new__(cls)
        yield from plan._compile(dialplan, variables, _ready(before, variables))
        return plan

    def _compile(self, dialplan: Dialplan, variables: Variables, patterns: Patterns) -> Iterator[None]:
        problems = unique_names(dialplan) + unique_priorities(dialplan)
        yield
        transforms: list[CompiledTransform] = []
        for transform in _in_order(dialplan.transforms):
            if transform.enabled:
                _compile_entry(CompiledTransform, transform, dialplan, variables, patterns, transforms, problems)
                yield
        rules: list[CompiledRule] = []
        self.places = {}
        for rule in _in_order(dialplan.rules):
            self.places[rule.name] = rule.location
            _compile_entry(CompiledRule, rule, dialplan, variables, patterns, rules, problems)
            yield
        if problems:
            raise DialplanError(problems)
        self.dialplan = dialplan
        self.variables = variables
        self.rules = tuple(rules)
        self._transforms = tuple(transforms)
        self._transform_index = yield from PatternIndex.in_steps([transform.pattern for transform in transforms])
        self._enabled = tuple(rule for rule in rules if rule.enabled)
        self._index = yield from PatternIndex.in_steps([rule.pattern for rule in self._enabled])

    def _patterns(self) -> Patterns:
        """All that are compiled."""
        patterns = {(each.transform.pattern_type, each.transform.pattern): each.pattern for each in self._transforms}
        for each in self.rules:
            if each.pattern is not None:
                patterns[each.rule.pattern_type, each.rule.pattern] = each.pattern
        return patterns

    def search(self, query: Query) -> Explanation:
        alias = searched = query.alias
        folded = _folded(alias)
        name: str | None = None
        if self._transforms and folded is not None:
            applied = self._transform_for(folded)
            if applied is not None:
                name = applied.transform.name
                searched = applied.rewrite(alias, folded)
                folded = _folded(searched)
        tiers = () if folded is None else self._tiers(query, searched, folded)
        return Explanation(alias, name, searched, tiers, query, self)

    def trace(self, query: Query, searched: str, tiers: tuple[Tier, ...]) -> tuple[TraceEntry, ...]:
        """As Explanation.trace. ``tiers``: the result of the search for the same query."""
        folded = _folded(searched)
        address = folded is not None and is_address(folded)
        last = tiers[-1].priority if tiers and tiers[-1].stop else None
        entries = []
        for rule in self.rules:
            if rule.enabled and last is not None and rule.priority > last:
                outcome = RuleOutcome.STOPPED
            else:
                outcome = rule.refusal(query, folded, address) or RuleOutcome.MATCHED
            entries.append(TraceEntry(rule.name, rule.priority, outcome))
        return tuple(entries)

    def _transform_for(self, folded: str) -> CompiledTransform | None:
        for position in self._transform_index.candidates(folded):
            if self._transforms[position].pattern.test(folded):
                return self._transforms[position]
        return None

    def _tiers(self, query: Query, searched: str, folded: str) -> tuple[Tier, ...]:
        rules = self._enabled
        address = is_address(folded)
        tiers: list[Tier] = []
        matched: list[CompiledRule] = []
        for position in self._index.candidates(folded):
            rule = rules[position]
            if matched and rule.priority != matched[0].priority:
                tiers.append(_tier(matched, searched, folded))
                matched = []
                if tiers[-1].stop:
                    break
            if rule.refusal(query, folded, address) is None:
                matched.append(rule)
        if matched:
            tiers.append(_tier(matched, searched, folded))
        return tuple(tiers)


def is_address(alias: str) -> bool:
    """Whether an alias is an IP address, alone or with brackets, port and parameters. With a user part it is none."""
    if "@" in alias:
        return False
    host = alias.partition(";")[0]
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    if not (":" in host or host[:1].isdigit()):
        return False
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _ready(before: CompiledPlan | None, variables: Variables) -> Patterns:
    return before._patterns() if before is not None and before.variables == variables else {}


def _folded(alias: str) -> str | None:
    return fold(alias) if len(alias) <= MAX_ALIAS_LENGTH else None


def _tier(matched: list[CompiledRule], searched: str, folded: str) -> Tier:
    """A tier of one rule has a way of its own, which saves a tenth of a search (tools/bench/search.py)."""
    if len(matched) == 1:
        (rule,) = matched
        return Tier(rule.priority, rule.stop, (_target(rule, searched, folded),))
    targets: dict[tuple[str, str], Target] = {}
    for rule in matched:
        target = _target(rule, searched, folded)
        targets.setdefault((target.zone, target.alias), target)
    return Tier(matched[0].priority, any(rule.stop for rule in matched), tuple(targets.values()))


def _target(rule: CompiledRule, searched: str, folded: str) -> Target:
    return Target(rule.name, rule.zone, rule.rewrite(searched, folded) if rule.rewrite else searched)


def _in_order(entries: Iterable[EntryT]) -> list[EntryT]:
    """By priority; those of one priority in the order of the file."""
    return sorted(entries, key=lambda entry: entry.priority)


def _compile_entry(
    make: Callable[[EntryT, Variables, Ready], CompiledT],
    entry: EntryT,
    dialplan: Dialplan,
    variables: Variables,
    patterns: Patterns,
    compiled: list[CompiledT],
    problems: list[Problem],
) -> None:
    """Add the entry, compiled, to ``compiled``, or what is wrong with it to ``problems``."""
    ready = patterns.get((entry.pattern_type, entry.pattern)) or dialplan.syntax.get(entry.pattern)
    try:
        compiled.append(make(entry, variables, ready))
    except PatternError as error:
        problems.append(_problem(entry, error, dialplan))


def _problem(entry: Entry, error: PatternError, dialplan: Dialplan) -> Problem:
    field = "replace" if isinstance(error, ReplaceError) else "pattern"
    place = entry.places.get(field)
    if place is None:
        return Problem(entry.location, f'{field} of "{entry.name}": {error.message}', error.hint)
    return pattern_problem(dialplan.sources, place, error)
