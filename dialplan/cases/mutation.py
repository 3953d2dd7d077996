"""Mutation: plans with one small mistake each, of which good cases notice every one.

The mistakes are those that admins make: an escape forgotten, priorities swapped, Continue for Stop, a wider source, a
wrong kind of pattern.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from dialplan.analysis import Sender, compare
from dialplan.language.spelling import quoted
from dialplan.model import (
    Behavior,
    Dialplan,
    Entry,
    Location,
    Mode,
    OnMatch,
    PatternType,
    Query,
    SearchRule,
    SourceMode,
    TrafficType,
    Transform,
)
from dialplan.problem import DialplanError
from dialplan.search.search import CompiledPlan


@dataclass(frozen=True, slots=True)
class Mutant:
    """A plan with one mistake. ``what``: the mistake in words; ``location``: of its field, or else of the block."""

    what: str
    location: Location
    dialplan: Dialplan

    def __str__(self) -> str:
        return f"{self.location}: {self.what}"


@dataclass(frozen=True, slots=True)
class Survivor:
    """A mutant that no case noticed. ``witness``: a request that it treats differently; None when none was found."""

    mutant: Mutant
    witness: Query | None


@dataclass(frozen=True, slots=True)
class MutationScore:
    killed: int
    """Mutants that some case noticed."""
    survivors: tuple[Survivor, ...]
    same: int
    """Mutants that no case could notice, as they are proved to mean the same as the plan. They do not count."""

    @property
    def total(self) -> int:
        return self.killed + len(self.survivors)

    @property
    def percent(self) -> float:
        return 100 * self.killed / self.total if self.total else 100.0


def mutation_score(
    original: CompiledPlan, holds: Callable[[CompiledPlan], bool], senders: Sequence[Sender] | None = None
) -> MutationScore:
    """``holds``: whether all cases hold in a plan. ``senders``: None when every zone can send everything."""
    killed, same, survivors = 0, 0, []
    for mutant in mutants(original.dialplan):
        try:
            plan = CompiledPlan(mutant.dialplan, original.variables)
        except DialplanError:
            continue  # the change makes a plan that nobody can load
        if not holds(plan):
            killed += 1
            continue
        comparison = compare(original, plan, senders)
        if comparison.differences or comparison.unproved:
            witness = comparison.differences[0].witness if comparison.differences else None
            survivors.append(Survivor(mutant, witness))
        else:
            same += 1
    return MutationScore(killed, tuple(survivors), same)


def mutants(dialplan: Dialplan) -> Iterator[Mutant]:
    """In the order of the plan; disabled entries stay as they are."""
    zones = tuple(dict.fromkeys(rule.target for rule in dialplan.rules))
    for entry in dialplan.entries:
        if entry.enabled:
            for change in _changes(entry, zones):
                yield _mutant(dialplan, entry, change)
    yield from _swapped(dialplan, dialplan.transforms)
    yield from _swapped(dialplan, dialplan.rules)


@dataclass(frozen=True, slots=True)
class _Change:
    what: str
    field: str
    entry: Entry


def _changes(entry: Entry, zones: Iterable[str]) -> Iterator[_Change]:
    yield _Change("left out", "", replace(entry, enabled=False))
    if entry.uses_pattern:
        yield from _patterns(entry)
        yield from _behaviors(entry)
    if isinstance(entry, SearchRule):
        yield from _conditions(entry)
        turned = OnMatch.CONTINUE if entry.on_match is OnMatch.STOP else OnMatch.STOP
        what = f"{entry.on_match.value} became {turned.value}"
        yield _Change(what, "on successful match", replace(entry, on_match=turned))
        other = next((zone for zone in zones if zone != entry.target), None)
        if other is not None:
            yield _Change(f"target became zone {quoted(other)}", "target", replace(entry, target=other))


def _patterns(entry: Entry) -> Iterator[_Change]:
    for what, pattern in _regexes(entry.pattern) if entry.pattern_type is PatternType.REGEX else ():
        yield _Change(what, "pattern", replace(entry, pattern=pattern))
    other = {
        PatternType.PREFIX: PatternType.SUFFIX,
        PatternType.SUFFIX: PatternType.PREFIX,
        PatternType.EXACT: PatternType.PREFIX,
    }.get(entry.pattern_type)
    if other is not None:
        what = f"pattern type {entry.pattern_type.value} became {other.value}"
        yield _Change(what, "pattern type", replace(entry, pattern_type=other))


def _regexes(pattern: str) -> Iterator[tuple[str, str]]:
    position = pattern.find("\\")
    while position >= 0:
        if pattern[position + 1 : position + 2] == ".":
            what = f'the backslash of "\\." (character {position + 1}) left out'
            yield what, pattern[:position] + pattern[position + 1 :]
        position = pattern.find("\\", position + 2)
    if pattern.startswith(".*") and len(pattern) > 2:
        yield 'the leading ".*" left out', pattern[2:]
    if pattern.endswith(".*") and len(pattern) > 2 and pattern[-3] != "\\":
        yield 'the trailing ".*" left out', pattern[:-2]


def _behaviors(entry: Entry) -> Iterator[_Change]:
    if isinstance(entry, SearchRule) and entry.behavior is not Behavior.LEAVE:
        what = f"behavior {entry.behavior.value} became leave"
        yield _Change(what, "behavior", replace(entry, behavior=Behavior.LEAVE))
    if entry.behavior is not Behavior.LEAVE and entry.replace:
        yield _Change("the replace string is empty", "replace", replace(entry, replace=""))


def _conditions(rule: SearchRule) -> Iterator[_Change]:
    if rule.mode is Mode.ALIAS_PATTERN_MATCH:
        yield _Change("mode became any alias", "mode", replace(rule, mode=Mode.ANY_ALIAS))
    wider = {SourceMode.ANY: SourceMode.ALL_ZONES}.get(rule.source, SourceMode.ANY)
    shown = quoted(rule.source_name) if rule.source is SourceMode.NAMED else rule.source.value
    yield _Change(f"source {shown} became {wider.value}", "source", replace(rule, source=wider, source_name=""))
    traffic = TrafficType.STANDARD if rule.traffic_type is TrafficType.ANY else TrafficType.ANY
    what = f"traffic type {rule.traffic_type.value} became {traffic.value}"
    yield _Change(what, "traffic type", replace(rule, traffic_type=traffic))
    what = f"authenticated became {'no' if rule.authenticated else 'yes'}"
    yield _Change(what, "authenticated", replace(rule, authenticated=not rule.authenticated))


def _mutant(dialplan: Dialplan, entry: Entry, change: _Change) -> Mutant:
    return Mutant(
        f"{_name(entry)}: {change.what}",
        entry.places.get(change.field, entry.location),
        _replaced(dialplan, {entry.name: change.entry}),
    )


def _swapped(dialplan: Dialplan, entries: Iterable[Entry]) -> Iterator[Mutant]:
    """Neighbours in the order of the search with their priorities exchanged."""
    ordered = sorted((entry for entry in entries if entry.enabled), key=lambda entry: entry.priority)
    for first, second in zip(ordered, ordered[1:], strict=False):
        if first.priority != second.priority:
            changed: dict[str, Entry] = {
                first.name: replace(first, priority=second.priority),
                second.name: replace(second, priority=first.priority),
            }
            yield Mutant(
                f"{_name(first)} and {_name(second)}: priorities exchanged",
                first.places.get("priority", first.location),
                _replaced(dialplan, changed),
            )


def _replaced(dialplan: Dialplan, changed: Mapping[str, Entry]) -> Dialplan:
    """``changed``: transforms or rules by name, which each kind has once."""
    transforms = {name: entry for name, entry in changed.items() if isinstance(entry, Transform)}
    rules = {name: entry for name, entry in changed.items() if isinstance(entry, SearchRule)}
    return replace(
        dialplan,
        transforms=tuple(transforms.get(transform.name, transform) for transform in dialplan.transforms),
        rules=tuple(rules.get(rule.name, rule) for rule in dialplan.rules),
    )


def _name(entry: Entry) -> str:
    return f"{'transform' if isinstance(entry, Transform) else 'rule'} {quoted(entry.name)}"
