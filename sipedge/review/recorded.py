"""What another plan does with what an edge has decided: by history for a review, decision by decision for a shadow.

It holds for rules, transforms and domains. Classification, addresses of zones, access rules and authentication need the
messages: ``sipedge replay --backtest`` judges those.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import TypedDict

from dialplan.analysis import route_text
from dialplan.model import Query
from dialplan.search.search import CompiledPlan, Explanation
from sipedge.decision.deciding import explained
from sipedge.history.wish import Asked

MOST_ASKED = 1_000_000
"""Different questions of a history: half a minute."""
MOST_GROUPS = 200
MOST_ALIASES = 100_000
"""That are told apart in one group; what comes beyond is not counted."""


class GroupJson(TypedDict):
    """Requests for which one rule gives way to another."""

    old: str
    """The rules that decide, tiers one after the other; ``no rule``."""
    new: str
    requests: int
    aliases: int
    example: str
    """The alias of the first."""
    zone: str
    """Where the first came from."""
    traffic: str
    authenticated: bool
    before: str
    """Where the first went, in words."""
    after: str


class RecordedJson(TypedDict):
    requests: int
    changed: int
    """Of these requests."""
    groups: list[GroupJson]
    """Those with most requests first."""
    whole: bool
    """Whether all that was recorded was looked at."""


@dataclass(slots=True)
class _Group:
    first: GroupJson
    requests: int = 0
    aliases: set[str] = field(default_factory=set)


class Tally:
    """Two plans asked the same. Requests are compared as ``replay --backtest`` compares them."""

    def __init__(self, old: CompiledPlan, new: CompiledPlan) -> None:
        self._plans = old, new
        self._groups: dict[tuple[str, str], _Group] = {}
        self.requests = 0

    def add(self, query: Query, also: str, requests: int = 1) -> bool:
        """Whether the new plan decides otherwise. ``also``: a second alias that had to lead to the same zones; ''."""
        self.requests += requests
        old, new = (explained(query, also, plan) for plan in self._plans)
        if old == new:
            return False
        names = label(old), label(new)
        group = self._groups.get(names)
        if group is None:
            if len(self._groups) >= MOST_GROUPS:
                names = "other rules", "other rules"
            group = self._groups.setdefault(names, _Group(_first(names, query, old, new)))
        group.requests += requests
        if len(group.aliases) < MOST_ALIASES:
            group.aliases.add(query.alias)
        return True

    def to_json(self) -> RecordedJson:
        groups: list[GroupJson] = [
            {**group.first, "requests": group.requests, "aliases": len(group.aliases)}
            for group in self._groups.values()
        ]
        groups.sort(key=lambda group: -group["requests"])
        changed = sum(each["requests"] for each in groups)
        return {"requests": self.requests, "changed": changed, "groups": groups, "whole": True}


def recorded(old: CompiledPlan, new: CompiledPlan, asked: Iterable[Asked], most: int = MOST_ASKED) -> RecordedJson:
    """``most``: so many different questions, the newest."""
    tally, asked = Tally(old, new), iter(asked)
    for each in islice(asked, most):
        tally.add(each.query, each.also, each.count)
    return {**tally.to_json(), "whole": next(asked, None) is None}


def label(explanation: Explanation) -> str:
    """The rules that decide, tiers one after the other."""
    tiers = (" + ".join(target.rule for target in tier.targets) for tier in explanation.tiers)
    return ", then ".join(tiers) or "no rule"


def _first(names: tuple[str, str], query: Query, old: Explanation, new: Explanation) -> GroupJson:
    return {
        "old": names[0],
        "new": names[1],
        "requests": 0,
        "aliases": 0,
        "example": query.alias,
        "zone": query.source,
        "traffic": query.traffic.value,
        "authenticated": query.authenticated,
        "before": route_text(old),
        "after": route_text(new),
    }
