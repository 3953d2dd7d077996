"""Routings: the tiers of a whole class of requests, as zones with the changes to the alias."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .plan import Branch, SymbolicRule
from .rewriting import Constant, Rewriting, Same

Chain = tuple[Rewriting, ...]
"""Changes to the alias in their order; (): it stays as it came in."""
Destination = tuple[str, Chain]
"""(zone, changes to the alias)."""


@dataclass(frozen=True, slots=True)
class Routing:
    """Equal routings treat every request alike. Tiers are tried in order, the destinations of one at the same time."""

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
    for rewriting in rewritings:
        if isinstance(rewriting, Constant):
            result = [rewriting]
        elif not isinstance(rewriting, Same):
            result.append(rewriting)
    return tuple(result)
