"""The states of a call, and what happens in each of them. One table; every cell has its test."""

from __future__ import annotations

from enum import Enum


class DialogState(Enum):
    CALLING = "calling"
    """The INVITE has no final response; there may be early dialogs."""
    CANCELLED = "cancelled"
    """The caller has sent CANCEL; a 2xx may be on its way all the same."""
    ANSWERED = "answered"
    """A 2xx went to the caller, whose ACK has not come."""
    TALKING = "talking"
    ENDING = "ending"
    """A BYE is on its way, or two of the edge's."""
    OVER = "over"


class DialogInput(Enum):
    CANCEL = "cancel"
    ACCEPT = "accept"
    """The first 2xx to the INVITE."""
    SURPLUS = "surplus"
    """A 2xx of another fork."""
    REFUSE = "refuse"
    """The final response to the INVITE is no 2xx."""
    ACK = "ack"
    """To the 2xx."""
    REQUEST = "request"
    """Any request within the dialog that is neither ACK nor BYE."""
    BYE = "bye"
    BYE_DONE = "bye done"
    """It has its final response, or none will come."""
    BYE_STOPPED = "bye stopped"
    """Its final response asks for something first: credentials (401, 407)."""
    GONE = "gone"
    """A party does not know the dialog any more (481), or is silent (408): RFC 3261 12.2.1.2, RFC 5057 5.1."""
    EXPIRE = "expire"
    """The deadline has passed: no ACK, no refresh of the session, no answer to a BYE."""


class DialogAction(Enum):
    NOTHING = "nothing"
    PASS = "pass"
    """It goes to the other leg."""
    KEEP = "keep"
    """Pass it on, and write the dialog into the journal."""
    END_BOTH = "end both"
    """A BYE of the edge's own to each party."""
    END_FORK = "end fork"
    """ACK and BYE of the edge's own to that callee: the caller has another one already."""
    FORGET = "forget"
    """Pass it on; the call is over."""
    REFUSE = "refuse"
    """481: there is nothing yet that it could mean."""


_S, _I, _A = DialogState, DialogInput, DialogAction

DIALOG_TABLE: dict[tuple[DialogState, DialogInput], tuple[DialogState, DialogAction]] = {
    (_S.CALLING, _I.CANCEL): (_S.CANCELLED, _A.PASS),
    (_S.CALLING, _I.ACCEPT): (_S.ANSWERED, _A.KEEP),
    (_S.CALLING, _I.SURPLUS): (_S.CALLING, _A.END_FORK),
    (_S.CALLING, _I.REFUSE): (_S.OVER, _A.FORGET),
    (_S.CALLING, _I.ACK): (_S.CALLING, _A.REFUSE),
    (_S.CALLING, _I.REQUEST): (_S.CALLING, _A.PASS),
    (_S.CALLING, _I.BYE): (_S.CALLING, _A.PASS),  # of an early dialog; its INVITE is still answered (RFC 3261 15)
    (_S.CALLING, _I.BYE_DONE): (_S.CALLING, _A.NOTHING),
    (_S.CALLING, _I.BYE_STOPPED): (_S.CALLING, _A.NOTHING),
    (_S.CALLING, _I.GONE): (_S.CALLING, _A.NOTHING),
    (_S.CALLING, _I.EXPIRE): (_S.OVER, _A.FORGET),
    (_S.CANCELLED, _I.CANCEL): (_S.CANCELLED, _A.NOTHING),
    (_S.CANCELLED, _I.ACCEPT): (_S.ANSWERED, _A.KEEP),  # they crossed: the caller hangs up itself (RFC 3261 9.1)
    (_S.CANCELLED, _I.SURPLUS): (_S.CANCELLED, _A.END_FORK),
    (_S.CANCELLED, _I.REFUSE): (_S.OVER, _A.FORGET),
    (_S.CANCELLED, _I.ACK): (_S.CANCELLED, _A.REFUSE),
    (_S.CANCELLED, _I.REQUEST): (_S.CANCELLED, _A.PASS),
    (_S.CANCELLED, _I.BYE): (_S.CANCELLED, _A.PASS),
    (_S.CANCELLED, _I.BYE_DONE): (_S.CANCELLED, _A.NOTHING),
    (_S.CANCELLED, _I.BYE_STOPPED): (_S.CANCELLED, _A.NOTHING),
    (_S.CANCELLED, _I.GONE): (_S.CANCELLED, _A.NOTHING),
    (_S.CANCELLED, _I.EXPIRE): (_S.OVER, _A.FORGET),
    (_S.ANSWERED, _I.CANCEL): (_S.ANSWERED, _A.NOTHING),
    (_S.ANSWERED, _I.ACCEPT): (_S.ANSWERED, _A.PASS),
    (_S.ANSWERED, _I.SURPLUS): (_S.ANSWERED, _A.END_FORK),
    (_S.ANSWERED, _I.REFUSE): (_S.ANSWERED, _A.NOTHING),
    (_S.ANSWERED, _I.ACK): (_S.TALKING, _A.PASS),
    (_S.ANSWERED, _I.REQUEST): (_S.ANSWERED, _A.PASS),
    (_S.ANSWERED, _I.BYE): (_S.ENDING, _A.PASS),
    (_S.ANSWERED, _I.BYE_DONE): (_S.ANSWERED, _A.NOTHING),
    (_S.ANSWERED, _I.BYE_STOPPED): (_S.ANSWERED, _A.NOTHING),
    (_S.ANSWERED, _I.GONE): (_S.ENDING, _A.END_BOTH),
    (_S.ANSWERED, _I.EXPIRE): (_S.ENDING, _A.END_BOTH),
    (_S.TALKING, _I.CANCEL): (_S.TALKING, _A.NOTHING),
    (_S.TALKING, _I.ACCEPT): (_S.TALKING, _A.PASS),
    (_S.TALKING, _I.SURPLUS): (_S.TALKING, _A.END_FORK),
    (_S.TALKING, _I.REFUSE): (_S.TALKING, _A.NOTHING),
    (_S.TALKING, _I.ACK): (_S.TALKING, _A.PASS),
    (_S.TALKING, _I.REQUEST): (_S.TALKING, _A.PASS),
    (_S.TALKING, _I.BYE): (_S.ENDING, _A.PASS),
    (_S.TALKING, _I.BYE_DONE): (_S.TALKING, _A.NOTHING),
    (_S.TALKING, _I.BYE_STOPPED): (_S.TALKING, _A.NOTHING),
    (_S.TALKING, _I.GONE): (_S.ENDING, _A.END_BOTH),
    (_S.TALKING, _I.EXPIRE): (_S.ENDING, _A.END_BOTH),
    (_S.ENDING, _I.CANCEL): (_S.ENDING, _A.NOTHING),
    (_S.ENDING, _I.ACCEPT): (_S.ENDING, _A.PASS),
    (_S.ENDING, _I.SURPLUS): (_S.ENDING, _A.END_FORK),
    (_S.ENDING, _I.REFUSE): (_S.ENDING, _A.NOTHING),
    (_S.ENDING, _I.ACK): (_S.ENDING, _A.PASS),
    (_S.ENDING, _I.REQUEST): (_S.ENDING, _A.PASS),  # glare with the BYE: who has hung up answers 481 itself
    (_S.ENDING, _I.BYE): (_S.ENDING, _A.PASS),  # both hung up at once: each answers the other's
    (_S.ENDING, _I.BYE_DONE): (_S.OVER, _A.FORGET),
    (_S.ENDING, _I.BYE_STOPPED): (_S.TALKING, _A.NOTHING),
    (_S.ENDING, _I.GONE): (_S.ENDING, _A.NOTHING),
    (_S.ENDING, _I.EXPIRE): (_S.OVER, _A.FORGET),
}


def after(state: DialogState, what: DialogInput) -> tuple[DialogState, DialogAction]:
    """The next state, and what is to be done now. To a call that is over nothing happens any more."""
    return DIALOG_TABLE.get((state, what), (DialogState.OVER, DialogAction.NOTHING))
