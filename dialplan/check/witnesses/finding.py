"""A finding of the linter about one place of a plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal, get_args

from dialplan.model import Location, Query, Traffic
from dialplan.search.search import Explanation

FindingId = Literal[
    "ambiguous",
    "cannot-listen",
    "cannot-write",
    "continue-by-default",
    "dead-target",
    "disabled",
    "duplicate",
    "h323-only",
    "ignore-without-reason",
    "looks-like-regex",
    "makes-no-address",
    "matches-no-address",
    "matches-nothing",
    "missing-group",
    "never-authenticated",
    "new-default",
    "not-proved",
    "open-domain",
    "open-topology",
    "receives-nothing",
    "scheme-in-pattern",
    "sent-back",
    "shadowed",
    "source-never-sends",
    "strip-by-default",
    "syntax",
    "transform-loop",
    "transform-preceded",
    "transform-without-effect",
    "transformed-away",
    "unescaped-dot",
    "unknown-ignore",
    "unknown-variable",
    "unknown-zone",
    "unreachable",
    "unused-ignore",
    "useless-anchor",
]
IDS: tuple[FindingId, ...] = get_args(FindingId)
"""Each has its page in docs/checks."""


class Level(Enum):
    ERROR = "error"
    """The plan cannot do as it is written there."""
    WARNING = "warning"
    """The plan does something that its author is not likely to expect."""
    NOTE = "note"
    """Nothing goes wrong."""


METHODS: dict[Traffic, str] = {
    Traffic.STANDARD: "INVITE",
    Traffic.MICROSOFT_AV: "INVITE",
    Traffic.MICROSOFT_SHARE: "INVITE",
    Traffic.MICROSOFT_IMP: "MESSAGE",
}
"""A method of such traffic."""


@dataclass(frozen=True, slots=True)
class Finding:
    """``why`` and ``mend`` are one sentence each. ``witness``: a request that shows it; ``claim``: whether the live
    engine's search for the witness confirms it."""

    id: FindingId
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
    """A request in words."""
    authenticated = ", authenticated" if query.authenticated else ""
    return f'{query.alias} from zone "{query.source}", {query.traffic.value} ({METHODS[query.traffic]}){authenticated}'
