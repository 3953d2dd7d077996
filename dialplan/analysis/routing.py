"""Where requests go, in terms that hold for a whole class of them: tiers of zones with what becomes of the alias."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .plan import Branch, SymbolicRule
from .rewriting import Constant, Rewriting, Same

Chain = tuple[Rewriting, ...]
"""One after the other; empty: the alias as it came in."""
Destination = tuple[str, Chain]
"""(zone, what becomes of the alias)."""


@dataclass(frozen=True, slots=True)
class Routing:
    """Equal routings treat every request alike. The tiers are asked in order, the destinations of one all at once."""

    tiers: tuple[frozenset[Destination], ...]

    @property
    def zones(self) -> tuple[frozenset[str], ...]:
        return tuple(frozenset(zone for zone, _ in tier) for tier in self.tiers)


def routing_of(branch: Branch, tiers: Iterable[Iterable[SymbolicRule]]) -> Routing:
    """``tiers``: the rules that apply, by priority."""
    return Routing(
        tuple(
            frozenset((rule.rule.target, _chain(branch.rewriting, rule.rewriting)) for rule in tier) for tier in tiers
        )
    )


def _chain(*rewritings: Rewriting) -> Chain:
    result: list[Rewriting] = []
    for one in rewritings:
        if isinstance(one, Constant):
            result = [one]
        elif not isinstance(one, Same):
            result.append(one)
    return tuple(result)
