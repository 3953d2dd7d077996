"""What a response of a party means for its call: a callee rings, takes the call, agrees to a session."""

from __future__ import annotations

from typing import NamedTuple

from sipedge.sip.message import Message
from sipedge.topology.routes import values_of

from . import sessions
from .crossing import Passage, learn
from .dialog import Dialog, Leg
from .orders import Kind, Order
from .ringing import heard
from .states import DialogAction, DialogInput


class Said(NamedTuple):
    """What a callee says to the INVITE that begins a call."""

    leg: Leg | None
    """Whose it is; None where there are too many."""
    goes_up: bool
    """Whether the caller hears of it."""
    is_surplus: bool = False
    """A 2xx of a callee that the caller does not talk to: it gets its ACK, and a BYE (RFC 3261 13.2.2.4)."""


def said(passage: Passage, response: Message, patience: float) -> Said:
    """Each callee has a leg of its own (RFC 3261 13.2.2). ``patience``: until when the ACK is waited for."""
    dialog, tag = passage.way.dialog, response.to_tag or ""
    is_first = dialog.is_early
    leg = dialog.leg_of(tag) or dialog.fork(tag, passage.target, passage.side)
    if leg is None:
        return Said(None, response.status >= 200)
    if is_first or leg is not dialog.far:
        learn(leg, response)
        leg.routes = tuple(reversed(values_of(response, "record-route")))
        leg.invite = dialog.far.invite[0], passage.number
    if response.status < 200:
        dialog.far = leg if is_first and not leg.is_too_large else dialog.far
        return Said(leg, is_first)
    if leg.is_too_large or (not is_first and leg is not dialog.far):
        return Said(leg, False, dialog.take(DialogInput.SURPLUS) is DialogAction.END_FORK)
    _talks(dialog, leg, patience if is_first else dialog.patience)
    return Said(leg, True)


def _talks(dialog: Dialog, leg: Leg, patience: float) -> None:
    if dialog.is_early:
        dialog.forks.clear()
    dialog.far, dialog.patience = leg, patience
    dialog.take(DialogInput.ACCEPT)


def acknowledged(passage: Passage, leg: Leg, response: Message, sequence: int, passes: bool) -> Order | None:
    """The edge's PRACK to a reliable provisional response with that RSeq; None where the caller's own one will do.

    That is so where the caller gets this very response reliably, too: its PRACK may have an offer (RFC 3262 5).
    ``passes``: whether the caller hears of the response now.
    """
    way, rack = passage.way, heard.rack(sequence, passage.number)
    leg.reliable = {passage.number: sequence}
    ringing = way.dialog.ringing if passage.rings and passes else None
    if ringing is not None and ringing.lines(response):
        way.dialog.heard.note(ringing.number, ringing.invite, heard.Response(leg.remote_tag, rack))
        return None
    return Order(Kind.REQUEST, way.dialog, way.source, leg, "PRACK", headers=(f"RAck: {rack}",))


def agreed(passage: Passage, leg: Leg, response: Message, now: float) -> Order | None:
    """A 2xx to INVITE or UPDATE: the sessions of both legs begin anew. The ACK of a re-INVITE of the edge.

    None also where it was asked for an offer: what the ACK has to say comes later.
    """
    way, method = passage.way, passage.method
    if method not in sessions.REFRESHES:
        return None
    sessions.learn_methods(leg, response)
    if passage.session:
        sessions.accepted(leg, response, passage.session, now)
    if passage.terms is not None and not way.number:
        sessions.grant(way.source, passage.terms, passage.own_session, now)
    is_asked = way.transfer is not None and leg is not way.transfer.transferee
    if method == "INVITE" and way.number and not is_asked:
        return Order(Kind.ACK, way.dialog, way.source, leg, "ACK", way.number)
    return None
