"""Which transforms and rules a set of searches touches, for tests of a plan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dialplan.model import Dialplan, RuleOutcome, SearchRule, Transform
from dialplan.search.search import Explanation


@dataclass(frozen=True, slots=True)
class Coverage:
    """Only what is enabled counts. A transform that is applied is reached and decides."""

    entries: tuple[Transform | SearchRule, ...]
    reached: tuple[Transform | SearchRule, ...]
    """It applied in some search: the rule is in one of the tiers."""
    decided: tuple[Transform | SearchRule, ...]
    """It applied in the first tier of some search: it says where the request goes before anything has failed."""

    @property
    def percent(self) -> float:
        """Of entries reached; 100 for an empty plan."""
        return 100 * len(self.reached) / len(self.entries) if self.entries else 100.0

    @property
    def missed(self) -> tuple[Transform | SearchRule, ...]:
        return tuple(entry for entry in self.entries if entry not in self.reached)


def coverage(dialplan: Dialplan, searches: Iterable[Explanation]) -> Coverage:
    """``searches`` were made in this plan."""
    transforms: set[str] = set()
    reached: set[str] = set()
    decided: set[str] = set()
    for found in searches:
        transforms |= {found.transform} if found.transform is not None else set()
        applied = [entry for entry in found.trace if entry.outcome is RuleOutcome.MATCHED]
        reached |= {entry.rule for entry in applied}
        decided |= {entry.rule for entry in applied if entry.priority == found.tiers[0].priority}
    whole: list[Transform | SearchRule] = [*dialplan.transforms, *dialplan.rules]
    entries = [one for one in whole if one.enabled]

    def among(rules: set[str]) -> tuple[Transform | SearchRule, ...]:
        return tuple(one for one in entries if one.name in (rules if isinstance(one, SearchRule) else transforms))

    return Coverage(tuple(entries), among(reached), among(decided))
