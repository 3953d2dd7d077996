"""Reliable provisional responses (RFC 3262) that the edge acknowledges itself: the caller need not know of them.

Only for an INVITE with an offer, whose answer may come in any of them: an offer of the callee's could be answered by
nobody but the caller.
"""

from __future__ import annotations

from sipedge.sip.message import Message
from sipedge.topology.headers import Handler

from .dialog import Leg
from .options import tags_of, without

RELIABLE = "100rel"
TAKEN: dict[str, Handler] = {**without(RELIABLE), "rseq": lambda value: None}
"""What the caller does not see of a response, and the callee not of the request."""


def is_done_here(request: Message) -> bool:
    """Whether the edge may do it for the caller, who does not insist on doing it itself."""
    return request.method == "INVITE" and bool(request.body) and RELIABLE not in tags_of(request, "require")


def rack_of(leg: Leg, response: Message, number: int) -> str | None:
    """The RAck of the PRACK to send; '' for a response that was acknowledged before; None where it wants none.

    ``number``: of the INVITE's CSeq, as the callee knows it. Those out of order are not acknowledged (RFC 3262 4).
    """
    if RELIABLE not in tags_of(response, "require"):
        return None
    text = (response.first("rseq") or "").strip()
    sequence = int(text) if text.isascii() and text.isdigit() and len(text) < 11 else 0
    if not sequence or (leg.reliable and sequence != leg.reliable + 1):
        return ""
    leg.reliable = sequence
    return f"{sequence} {number} INVITE"
