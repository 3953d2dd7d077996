"""What the linter has to say about one place of a plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from dialplan.model import Location, Query, Traffic
from dialplan.search.search import Explanation


class Level(Enum):
    ERROR = "error"
    """The plan can't do what is written there."""
    WARNING = "warning"
    """It does something else than its author is likely to expect."""
    NOTE = "note"
    """Nothing goes wrong."""


METHODS: dict[Traffic, str] = {
    Traffic.STANDARD: "INVITE",
    Traffic.MICROSOFT_AV: "INVITE",
    Traffic.MICROSOFT_SHARE: "INVITE",
    Traffic.MICROSOFT_IMP: "MESSAGE",
}
"""A method that such traffic uses."""


@dataclass(frozen=True, slots=True)
class Finding:
    """``why`` and ``mend`` are one sentence each. ``witness``: a request that shows it; ``claim``: what the live engine
    must then say."""

    id: str
    level: Level
    location: Location
    why: str
    mend: str
    name: str = ""
    """Of the rule or transform."""
    witness: Query | None = None
    claim: Callable[[Explanation], bool] | None = field(default=None, compare=False, repr=False)

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "level": self.level.value,
            "file": self.location.file,
            "line": self.location.line,
            "column": self.location.column,
            "rule": self.name,
            "why": self.why,
            "mend": self.mend,
            "witness": self.witness and query_json(self.witness),
        }


def query_json(query: Query) -> dict[str, Any]:
    return {
        "alias": query.alias,
        "zone": query.source,
        "traffic": query.traffic.value,
        "method": METHODS[query.traffic],
        "authenticated": query.authenticated,
    }


def query_text(query: Query) -> str:
    """For people."""
    authenticated = ", authenticated" if query.authenticated else ""
    return f'{query.alias} from zone "{query.source}", {query.traffic.value} ({METHODS[query.traffic]}){authenticated}'
