"""What an edge wrote down of a decision of its own: a record of ``[log] decisions``."""

from __future__ import annotations

from typing import Any, NamedTuple


class RuleHit(NamedTuple):
    """A rule that applied, in the order of the search."""

    rule: str
    zone: str
    alias: str


class OwnDecision(NamedTuple):
    """What the rules were asked, and what became of the request."""

    sequence: int
    """Counts the decisions of an edge, those that were lost too."""
    revision: str
    """Of the configuration that decided."""
    decided_by: str
    """``rules``, ``signed Route`` or ``refused``."""
    alias: str
    also: str
    """A second alias that had to lead to the same zones; '' for none."""
    traffic: str
    evidence: str
    protocol: str
    authenticated: bool
    route: str
    """The zone that a signed Route named; '' where rules decided."""
    rules: tuple[RuleHit, ...]
    """The first of them."""
    status: int
    own: bool
    """The edge made the final response itself."""
    reason: str
    ms: float | None
    """Until the final response; None where there was none to wait for."""

    def to_json(self) -> dict[str, Any]:
        return {**self._asdict(), "rules": [hit._asdict() for hit in self.rules]}

    def __str__(self) -> str:
        """In a few words."""
        by = f"signed Route to {self.route}" if self.route else self.decided_by
        if self.decided_by == "rules":
            by = "; ".join(f'rule "{hit.rule}" -> {hit.zone} as {hit.alias}' for hit in self.rules) or "no rule"
        time = "" if self.ms is None else f" after {self.ms:.0f} ms"
        answer = f"{self.status} {self.reason}".rstrip() if self.status else "no response"
        return f"{by}: {answer}{' of its own' if self.own else ''}{time}"
