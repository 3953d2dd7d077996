"""Which reliable response a PRACK of the caller is for (RFC 3262): it hears all callees of a fork as one party.

So the edge numbers what reaches the caller, and a PRACK goes to the callee whose response it names. A response of the
only callee keeps its number.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

MOST = 64
"""Responses that are remembered of one INVITE; of more the oldest go."""


class Response(NamedTuple):
    """A callee's reliable response."""

    tag: str
    """The callee's."""
    rack: str
    """The RAck of its PRACK, as the callee reads it."""


@dataclass(slots=True)
class Heard:
    """Of one INVITE."""

    responses: dict[str, Response] = field(default_factory=dict)
    """By the RAck that the caller writes."""
    last: int = 0
    """The RSeq of the last one, where the edge lets callees ring reliably; 0: there is none."""

    def note(self, number: int, invite: int, response: Response) -> None:
        """The caller gets a response with this RSeq. ``invite``: the number in the caller's CSeq."""
        if len(self.responses) >= MOST:
            del self.responses[next(iter(self.responses))]
        self.responses[rack(number, invite)] = response

    def number(self, sequence: int, invite: int, response: Response) -> int:
        """The RSeq that a callee's response has for the caller; the same one where it comes again."""
        for written, known in self.responses.items():
            if known == response:
                return int(written.partition(" ")[0])
        self.last = self.last + 1 if self.last else sequence
        self.note(self.last, invite, response)
        return self.last

    def of(self, written: str) -> Response | None:
        """``written``: the RAck of a PRACK of the caller's."""
        return self.responses.get(" ".join(written.split()))


def rack(number: int, invite: int) -> str:
    """A RAck (RFC 3262 7.2) for an RSeq and the CSeq number of its INVITE."""
    return f"{number} {invite} INVITE"


def translated(written: str, invite: tuple[int, int]) -> str:
    """A RAck of one party as the other one reads it. ``invite``: see ``Leg.invite``."""
    words = written.split()
    is_last = len(words) == 3 and words[1:] == [str(invite[0]), "INVITE"]
    return f"{words[0]} {invite[1]} INVITE" if is_last else written
