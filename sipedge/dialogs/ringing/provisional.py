"""Reliable provisional responses (RFC 3262) whose other party is the edge, on either side of a call.

Those of a callee are acknowledged by the edge: the caller need not know of them. Those to a caller are the edge's own:
numbered, repeated until their PRACK, one after the other (RFC 3262 3). Both only for an INVITE with an offer, whose
answer may come in any of them: an offer of the callee's could be answered by nobody but the caller.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from zlib import crc32

from sipedge.sip.message import Message
from sipedge.topology.headers import Handler

from .options import tags_of, without

RELIABLE = "100rel"
TAKEN: dict[str, Handler] = {**without(RELIABLE), "rseq": lambda value: None}
"""What the caller does not see of a callee's response, and the callee not of the request."""
T1 = 0.5
PATIENCE = 64 * T1
"""Seconds until a response that nobody has acknowledged ends the INVITE."""
NO_PRACK = "the caller does not acknowledge that it rings"
NO_OFFER = "the callee has not rung reliably, so that it can answer no offer before it has answered the call"
MOST_WAITING = 8
"""Responses that wait behind one without PRACK; of more the oldest go."""


def is_done_here(request: Message) -> bool:
    """Whether the edge may acknowledge for the caller, who does not insist on doing it itself."""
    return request.method == "INVITE" and bool(request.body) and RELIABLE not in tags_of(request, "require")


def is_wanted(request: Message) -> bool:
    """Whether the edge may ring reliably for the callee."""
    listed = tags_of(request, "supported") | tags_of(request, "require")
    return request.method == "INVITE" and bool(request.body) and RELIABLE in listed


def acknowledged_by(before: int, response: Message) -> int | None:
    """The RSeq that a PRACK is to name; 0 for a response that was acknowledged before; None where it wants none.

    ``before``: the last one that was acknowledged. Those out of order are not acknowledged (RFC 3262 4).
    """
    if RELIABLE not in tags_of(response, "require"):
        return None
    text = (response.first("rseq") or "").strip()
    sequence = int(text) if text.isascii() and text.isdigit() and len(text) < 11 else 0
    return 0 if before and sequence != before + 1 else sequence


class RingState(Enum):
    QUIET = "quiet"
    """Nothing waits for a PRACK."""
    RINGING = "ringing"
    """A response does."""
    ANSWERING = "answering"
    """One with the answer to the offer does: no 2xx may overtake it."""
    HOLDING = "holding"
    """And the 2xx waits behind it."""
    OVER = "over"
    """The INVITE is answered or cancelled."""


class RingInput(Enum):
    PROVISIONAL = "provisional"
    DESCRIBED = "described"
    """One with the answer to the offer."""
    ACCEPT = "accept"
    """A 2xx."""
    PRACK = "prack"
    """For what waits for it."""
    REPEAT = "repeat"
    """It is time to send once more what has no PRACK."""
    LATE = "late"
    """64*T1 are over."""
    CANCEL = "cancel"


class RingAction(Enum):
    PASS = "pass"
    """It goes to the caller."""
    WAIT = "wait"
    """It goes there behind the PRACK."""
    NEXT = "next"
    """What waits comes next."""
    REPEAT = "repeat"
    GIVE_UP = "give up"
    """5xx for the INVITE."""
    REFUSE = "refuse"
    """481."""
    NOTHING = "nothing"


_S, _I, _A = RingState, RingInput, RingAction

RING_TABLE: dict[tuple[RingState, RingInput], tuple[RingState, RingAction]] = {
    (_S.QUIET, _I.PROVISIONAL): (_S.RINGING, _A.PASS),
    (_S.QUIET, _I.DESCRIBED): (_S.ANSWERING, _A.PASS),
    (_S.QUIET, _I.ACCEPT): (_S.OVER, _A.PASS),
    (_S.QUIET, _I.PRACK): (_S.QUIET, _A.REFUSE),
    (_S.QUIET, _I.REPEAT): (_S.QUIET, _A.NOTHING),
    (_S.QUIET, _I.LATE): (_S.QUIET, _A.NOTHING),
    (_S.QUIET, _I.CANCEL): (_S.OVER, _A.NOTHING),
    (_S.RINGING, _I.PROVISIONAL): (_S.RINGING, _A.WAIT),
    (_S.RINGING, _I.DESCRIBED): (_S.RINGING, _A.WAIT),
    (_S.RINGING, _I.ACCEPT): (_S.OVER, _A.PASS),
    (_S.RINGING, _I.PRACK): (_S.QUIET, _A.NEXT),
    (_S.RINGING, _I.REPEAT): (_S.RINGING, _A.REPEAT),
    (_S.RINGING, _I.LATE): (_S.OVER, _A.GIVE_UP),
    (_S.RINGING, _I.CANCEL): (_S.OVER, _A.NOTHING),
    (_S.ANSWERING, _I.PROVISIONAL): (_S.ANSWERING, _A.WAIT),
    (_S.ANSWERING, _I.DESCRIBED): (_S.ANSWERING, _A.WAIT),
    (_S.ANSWERING, _I.ACCEPT): (_S.HOLDING, _A.WAIT),
    (_S.ANSWERING, _I.PRACK): (_S.QUIET, _A.NEXT),
    (_S.ANSWERING, _I.REPEAT): (_S.ANSWERING, _A.REPEAT),
    (_S.ANSWERING, _I.LATE): (_S.OVER, _A.GIVE_UP),
    (_S.ANSWERING, _I.CANCEL): (_S.OVER, _A.NOTHING),
    (_S.HOLDING, _I.PROVISIONAL): (_S.HOLDING, _A.NOTHING),
    (_S.HOLDING, _I.DESCRIBED): (_S.HOLDING, _A.NOTHING),
    (_S.HOLDING, _I.ACCEPT): (_S.HOLDING, _A.NOTHING),
    (_S.HOLDING, _I.PRACK): (_S.OVER, _A.NEXT),
    (_S.HOLDING, _I.REPEAT): (_S.HOLDING, _A.REPEAT),
    (_S.HOLDING, _I.LATE): (_S.OVER, _A.GIVE_UP),
    (_S.HOLDING, _I.CANCEL): (_S.OVER, _A.NEXT),  # they crossed: the caller hangs up itself (RFC 3261 9.1)
    (_S.OVER, _I.PROVISIONAL): (_S.OVER, _A.PASS),
    (_S.OVER, _I.DESCRIBED): (_S.OVER, _A.PASS),
    (_S.OVER, _I.ACCEPT): (_S.OVER, _A.PASS),
    (_S.OVER, _I.PRACK): (_S.OVER, _A.NOTHING),  # of one that the 2xx has overtaken
    (_S.OVER, _I.REPEAT): (_S.OVER, _A.NOTHING),
    (_S.OVER, _I.LATE): (_S.OVER, _A.NOTHING),
    (_S.OVER, _I.CANCEL): (_S.OVER, _A.NOTHING),
}
_UNACKNOWLEDGED = (_S.RINGING, _S.ANSWERING, _S.HOLDING)


@dataclass(slots=True, eq=False)
class Ringing:
    """What one caller is told reliably, until its INVITE has a final response."""

    number: int
    """The RSeq of the last response; at first any number below 2**31 - 1."""
    transaction: int
    """Of the INVITE."""
    invite: int
    """The number of its CSeq."""
    state: RingState = RingState.QUIET
    sent: Message | None = None
    """What has no PRACK, as the caller's leg has it; None as long as that is not written."""
    answered_by: str = ""
    """The To tag of the callee whose answer to the offer went to the caller: no other one's can."""
    waiting: deque[tuple[str, Message]] = field(default_factory=lambda: deque(maxlen=MOST_WAITING))
    """Branch and response, as it came."""
    due_at: float = 0.0
    """When to repeat, or to go on."""
    pause: float = T1
    ends_at: float = 0.0

    def _take(self, what: RingInput) -> RingAction:
        self.state, action = RING_TABLE[self.state, what]
        return action

    def passes(self, branch: str, response: Message, is_answer: bool, now: float) -> bool:
        """Whether a provisional response or 2xx goes to the caller now; else it waits. ``is_answer``: it has an SDP.

        One that begins no dialog, for want of a Contact, can have no PRACK, and passes as it is.
        """
        if response.status >= 200:
            action = self._take(RingInput.ACCEPT)
            if action is not RingAction.PASS:
                self.waiting.clear()
        elif "contact" not in response.index or (is_answer and self.answered_by not in ("", response.to_tag)):
            return True
        else:
            action = self._take(RingInput.DESCRIBED if is_answer else RingInput.PROVISIONAL)
        if action is RingAction.WAIT:
            self.waiting.append((branch, response))
        elif self.state in _UNACKNOWLEDGED and action is RingAction.PASS:
            self.number, self.sent, self.pause = self.number + 1, None, T1
            self.due_at, self.ends_at = now + T1, now + PATIENCE
            self.answered_by = self.answered_by or (response.to_tag or "") * is_answer
        return action is RingAction.PASS

    def lines(self, response: Message) -> tuple[str, ...]:
        """Of a response on its way to the caller."""
        is_new = response.status < 200 and self.state in _UNACKNOWLEDGED and self.sent is None
        return (f"Require: {RELIABLE}", f"RSeq: {self.number}") if is_new else ()

    def is_named(self, request: Message) -> bool:
        """Whether a PRACK is for a response to this INVITE."""
        return (request.first("rack") or "").split()[1:] == [str(self.invite), "INVITE"]

    def acknowledged(self, request: Message, is_awaited: bool, now: float) -> int:
        """The status of a PRACK: 488 where it has an offer, which nobody can answer; 0: it goes on to the callee.

        ``is_awaited``: whether that one waits for it.
        """
        if (request.first("rack") or "").split() != [str(self.number), str(self.invite), "INVITE"]:
            return 481
        if self._take(RingInput.PRACK) is RingAction.REFUSE:
            return 481
        self.due_at = now
        if is_awaited:
            return 0
        return 488 if request.body else 200

    def cancelled(self, now: float) -> None:
        self.due_at = now
        if self._take(RingInput.CANCEL) is not RingAction.NEXT:
            self.waiting.clear()

    @property
    def when(self) -> float:
        """When something is due; 0: never."""
        return self.due_at if self.state in _UNACKNOWLEDGED or self.waiting else 0.0

    def due(self, now: float) -> RingAction:
        """What is to be done by now: REPEAT, NEXT, GIVE_UP or NOTHING."""
        if not 0.0 < self.when <= now:
            return RingAction.NOTHING
        if self.state not in _UNACKNOWLEDGED:
            return RingAction.NEXT
        if now >= self.ends_at:
            return self._take(RingInput.LATE)
        self.pause *= 2
        self.due_at = min(now + self.pause, self.ends_at)
        return self._take(RingInput.REPEAT)


def begun(text: str, transaction: int, invite: int) -> Ringing:
    """Towards a caller that has heard nothing yet. ``text``: any, of which the first number is made (RFC 3262 3)."""
    return Ringing(crc32(text.encode()) >> 2, transaction, invite)
