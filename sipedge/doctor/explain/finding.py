"""What was found in a trace: one refusal or fault, in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sipedge.traces.records.record import iso_time

from .codes import Side

_LONGEST = 300


@dataclass(frozen=True, slots=True)
class TraceFinding:
    """One refusal and what it means."""

    file: str
    position: int
    time: float | None
    what: str
    """The start line, or the Edge's own words."""
    request: str
    """CSeq and Call-ID, by which the request is found elsewhere."""
    codes: tuple[str, ...]
    """As they stand in the trace: "ms-diagnostics 1009", "0xc3e93d6f", "HRESULT 0x80090322 ..."."""
    words: tuple[str, ...]
    side: Side
    details: dict[str, str]
    checks: tuple[str, ...]
    """What to check next: ids of the table."""
    domain: str
    """The domain to check; '' when the message names none."""
    count: int = 1
    """How many equal ones there are; the first is shown."""

    def to_json(self) -> dict[str, Any]:
        return {
            "file": self.file,
            "position": self.position,
            "time": iso_time(self.time),
            "what": self.what,
            "request": self.request,
            "codes": list(self.codes),
            "explanation": list(self.words),
            "side": self.side.value,
            "details": self.details,
            "checks": list(self.checks),
            "domain": self.domain,
            "count": self.count,
        }


def clean(text: str) -> str:
    """For a terminal: one line, no control characters, not long."""
    return "".join(character if character.isprintable() else " " for character in text[:_LONGEST])
