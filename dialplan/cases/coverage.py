"""Coverage: the transforms and rules that the searches of a test reach."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dialplan.model import Dialplan, Entry, RuleOutcome, SearchRule
from dialplan.search.search import Explanation


@dataclass(frozen=True, slots=True)
class Coverage:
    """Only enabled entries count. A transform that is applied is both reached and deciding."""

    entries: tuple[Entry, ...]
    reached: tuple[Entry, ...]
    """Those that applied in some search, a rule in any of its tiers."""
    decided: tuple[Entry, ...]
    """Those that applied in the first tier of some search, which is tried before anything has failed."""

    @property
    def percent(self) -> float:
        """Of entries reached; 100 for an empty plan."""
        return 100 * len(self.reached) / len(self.entries) if self.entries else 100.0

    @property
    def missed(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry not in self.reached)


def coverage(dialplan: Dialplan, searches: Iterable[Explanation]) -> Coverage:
    """``searches``: made in this plan."""
    transforms: set[str] = set()
    reached: set[str] = set()
    decided: set[str] = set()
    for search in searches:
        transforms |= {search.transform} if search.transform is not None else set()
        applied = [line for line in search.trace if line.outcome is RuleOutcome.MATCHED]
        reached |= {line.rule for line in applied}
        decided |= {line.rule for line in applied if line.priority == search.tiers[0].priority}
    entries = [entry for entry in dialplan.entries if entry.enabled]

    def among(rules: set[str]) -> tuple[Entry, ...]:
        return tuple(
            entry for entry in entries if entry.name in (rules if isinstance(entry, SearchRule) else transforms)
        )

    return Coverage(tuple(entries), among(reached), among(decided))
