"""What the proof found, for people and for programs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from dialplan.language.format import write_entry
from dialplan.model import Query, SearchRule
from dialplan.search.search import Explanation

from .edges import Edge
from .subscriptions import Subscription
from .targets import Notify


class GapLevel(Enum):
    ERROR = "error"
    WARNING = "warning"
    """It is lost only where a peer record-routes SUBSCRIBE, which is not known here."""


@dataclass(frozen=True, slots=True)
class Loss:
    """A NOTIFY that does not find its way at one edge: ``explanation`` is the live engine's."""

    edge: Edge
    subscription: Subscription
    notify: Notify
    wanted: tuple[str, ...]
    """Zones of which one should have been asked first."""
    explanation: Explanation

    @property
    def query(self) -> Query:
        return self.explanation.query

    @property
    def reason(self) -> str:
        """One phrase."""
        if not self.explanation.tiers:
            return "no search rule matches it: 404 Not Found"
        first = self.explanation.tiers[0].targets[0]
        return f'rule "{first.rule}" sends it to zone "{first.zone}"'


@dataclass(frozen=True, slots=True)
class Gap:
    """Losses at one edge that one change mends. ``rule``: the search rule that carries them, tried with the live
    engine; None: ``advice`` says what to do instead."""

    level: GapLevel
    losses: tuple[Loss, ...]
    rule: SearchRule | None
    advice: str

    @property
    def edge(self) -> Edge:
        return self.losses[0].edge

    def to_json(self) -> dict[str, Any]:
        return {
            "level": self.level.value,
            "edge": self.edge.name,
            "lost": [_loss_json(loss) for loss in self.losses],
            "rule": write_entry(self.rule) if self.rule else None,
            "advice": self.advice,
        }


def _loss_json(loss: Loss) -> dict[str, Any]:
    query = loss.query
    return {
        "subscribe": loss.subscription.to_json(),
        "notify": loss.notify.label,
        "alias": query.alias,
        "from": query.source,
        "wanted": list(loss.wanted),
        "authenticated": query.authenticated,
        "reason": loss.reason,
    }
