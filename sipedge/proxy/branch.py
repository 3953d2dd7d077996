"""One branch of a response context (RFC 3261 16.7 to 16.10): its states, what each input does to them, how it ends.

A branch ends with its final response, or with a failure that stands for one: then its context forgets it and keeps the
outcome.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from dialplan.model import Target
from sipedge.sip.message import Message
from zones.zone import Hop

from .history import Attempt


class BranchState(Enum):
    __hash__ = object.__hash__  # of identity, in C: Enum's own is Python, and is called for each look into the table

    TRYING = "trying"
    """The request is on its way."""
    PROCEEDING = "proceeding"
    """A provisional response came."""
    CANCEL_WAITS = "cancel waits"
    """To be cancelled as soon as a provisional response comes (9.1)."""
    CANCEL_SENT = "cancel sent"
    """Cancelled; its final response is awaited for 64*T1."""


class BranchInput(Enum):
    __hash__ = object.__hash__  # of identity, in C: Enum's own is Python, and is called for each look into the table

    PROVISIONAL = "provisional"
    """A 1xx response."""
    CANCEL = "cancel"
    """The caller sent CANCEL, or another branch has decided the request."""
    TIMER = "timer"
    """Timer C, or the wait after a CANCEL, has run out."""


class BranchAction(Enum):
    NOTHING = "nothing"
    FORWARD = "forward"
    """Send the provisional response upstream; Timer C begins anew (16.7 step 2)."""
    WITHDRAW = "withdraw"
    """Take the request back if it still waits for its connection: nobody has to be told then."""
    SEND_CANCEL = "send cancel"
    ABANDON = "abandon"
    """End the client transaction: it counts as timed out (16.8)."""


_S, _I, _A = BranchState, BranchInput, BranchAction

BRANCH_TABLE: dict[tuple[BranchState, BranchInput], tuple[BranchState, BranchAction]] = {
    (_S.TRYING, _I.PROVISIONAL): (_S.PROCEEDING, _A.FORWARD),
    (_S.TRYING, _I.CANCEL): (_S.CANCEL_WAITS, _A.WITHDRAW),
    (_S.TRYING, _I.TIMER): (_S.TRYING, _A.ABANDON),
    (_S.PROCEEDING, _I.PROVISIONAL): (_S.PROCEEDING, _A.FORWARD),
    (_S.PROCEEDING, _I.CANCEL): (_S.CANCEL_SENT, _A.SEND_CANCEL),
    (_S.PROCEEDING, _I.TIMER): (_S.CANCEL_SENT, _A.SEND_CANCEL),
    (_S.CANCEL_WAITS, _I.PROVISIONAL): (_S.CANCEL_SENT, _A.SEND_CANCEL),
    (_S.CANCEL_WAITS, _I.CANCEL): (_S.CANCEL_WAITS, _A.NOTHING),
    (_S.CANCEL_WAITS, _I.TIMER): (_S.CANCEL_WAITS, _A.ABANDON),
    (_S.CANCEL_SENT, _I.PROVISIONAL): (_S.CANCEL_SENT, _A.NOTHING),
    (_S.CANCEL_SENT, _I.CANCEL): (_S.CANCEL_SENT, _A.NOTHING),
    (_S.CANCEL_SENT, _I.TIMER): (_S.CANCEL_SENT, _A.ABANDON),
}


@dataclass(slots=True)
class Branch:
    """One client transaction: a target tried at one of its hops."""

    id: str
    target: Target
    hop: Hop
    remaining: tuple[Hop, ...]
    """Hops of the same target that are still to be tried (RFC 3263 4.3)."""
    head: bytes
    """The header section as it was sent."""
    begun: float
    attempt: Attempt
    """What the history says of it."""
    deadline: float = 0.0
    """Timer C, the end of the wait after a CANCEL, or that of the wait for an answer on another connection; 0: none."""
    alarm: float = 0.0
    """When the registry (contexts.py) will look at the deadline; 0: never. A deadline that moves away keeps it."""
    state: BranchState = BranchState.TRYING
    is_second: bool = False
    """The hop was tried before, on a connection that was lost before anything can have arrived."""

    def take(self, what: BranchInput) -> BranchAction:
        """Go to the next state; gives what is to be done now."""
        self.state, action = BRANCH_TABLE[self.state, what]
        return action

    @property
    def is_cancelled(self) -> bool:
        return self.state in (BranchState.CANCEL_WAITS, BranchState.CANCEL_SENT)

    @property
    def is_silent(self) -> bool:
        """No response came at all."""
        return self.state in (BranchState.TRYING, BranchState.CANCEL_WAITS)

    def cancel_request(self) -> bytes:
        """The CANCEL for it: same Request-URI, Via, From, To, Call-ID, CSeq number, Route (9.1)."""
        message = Message(self.head)
        index = message.index
        request_line = b"CANCEL " + message.uri.encode("utf-8", "surrogateescape") + b" SIP/2.0"
        lines = [request_line, message.lines[index["via"][0]]]
        for name in ("route", "from", "to", "call-id"):
            lines += [message.lines[number] for number in index.get(name, ())]
        lines += [b"CSeq: %d CANCEL" % message.cseq[0], b"Max-Forwards: 70", b"Content-Length: 0"]
        return b"\r\n".join(lines) + b"\r\n\r\n"


NOT_FOUND = frozenset({404, 408, 410, 416, 480, 484, 500, 501, 502, 503, 504, 505, 513, 580})
"""Answers after which the next tier is tried: the target does not know the alias or could not be asked.

Everything else that is final means *found* (Expressway: the target answered positively), be it busy or a refusal.
"""

PREFERRED = (401, 407, 415, 420, 484)
"""Of the 4xx, those that tell the caller what to do better (RFC 3261 16.7 step 6)."""


@dataclass(slots=True)
class Outcome:
    """How a branch or target ended: with a received response, or (``message`` None) with a status of our own."""

    status: int
    text: str = ""
    message: Message | None = None
    retry_after: float = 0.0
    """With a 503 of our own: seconds after which the caller may try again."""


def best_outcome(outcomes: Sequence[Outcome]) -> Outcome | None:
    """Any 6xx, else the lowest class; of the 4xx those that help the caller most.

    Then whoever was found counts more than who was not, 408 least, and a received response more than one of our own.
    """
    return min(outcomes, key=_rank, default=None)


def _rank(outcome: Outcome) -> tuple[int, int, bool, bool, bool]:
    status = outcome.status
    kind = 0 if status >= 600 else status // 100
    preferred = PREFERRED.index(status) if status in PREFERRED else len(PREFERRED)
    return kind, preferred, status in NOT_FOUND, status == 408, outcome.message is None
