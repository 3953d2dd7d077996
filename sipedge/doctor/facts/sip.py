"""How a server answered an Edge's first requests."""

from __future__ import annotations

from dataclasses import dataclass

from .endpoint import Endpoint

NOBODY = "anonymous.invalid"
"""The domain in From when none is known (RFC 3323 4.1.1.3)."""


@dataclass(frozen=True, slots=True)
class SipReply:
    """A final response, or the reason why there is none."""

    status: int = 0
    reason: str = ""
    server: str = ""
    """Who answered: Server or User-Agent."""
    problem: str = ""
    diagnostics: str = ""
    """The value of ms-diagnostics or ms-diagnostics-public."""

    @property
    def words(self) -> str:
        if self.problem:
            return self.problem
        by = f" by {ascii(self.server[:80])}" if self.server else ""
        return f"{self.status} {ascii(self.reason[:60])[1:-1]}{by}"


@dataclass(frozen=True, slots=True)
class SipFacts:
    endpoint: Endpoint
    sender: str
    """The domain in From."""
    negotiate: SipReply
    options: SipReply
    benotify: SipReply
