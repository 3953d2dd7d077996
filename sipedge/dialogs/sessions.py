"""Session timers of one leg (RFC 4028), whatever the other leg has.

The edge refreshes by UPDATE without a body, or by a re-INVITE with what it offered last where a party knows no UPDATE.
A party that asked to refresh itself does; then the edge only waits. Also a party without session timers is asked
whether it is still there: an end that nobody heard of shows as 481 or silence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sipedge.sip.message import Message
from sipedge.topology.headers import Handler
from zones.calls import SHORTEST_SESSION

from .dialog import Dialog, Leg
from .orders import Answer
from .ringing.options import tags_of, without

LONGEST = 86400
EARLIER = 32
"""Seconds before the end in which who does not refresh gives up, or a third of the interval (RFC 4028 10)."""
AGAIN = 10.0
"""Seconds until the next attempt, at least, where a party refused a refresh but knows the call."""
MOST_KEPT = 4096
"""Bytes of a session description that is kept for a re-INVITE."""
TAG = "timer"
"""The option tag."""
REFRESHES = ("INVITE", "UPDATE")


@dataclass(frozen=True, slots=True)
class Terms:
    """What a request of a party says about its session."""

    interval: int
    """Session-Expires; 0: none."""
    least: int
    """Min-SE."""
    refresher: str
    """``uac``, ``uas``, or '' where the edge may choose."""
    supported: bool

    @property
    def is_too_short(self) -> bool:
        """422 (RFC 4028 6)."""
        return self.supported and 0 < self.interval < SHORTEST_SESSION

    def agreed(self, wanted: int) -> int:
        """The interval of an answer: no longer than it asks for, no shorter than it takes."""
        return min(wanted, self.interval) if self.interval else max(wanted, self.least)


def terms_of(request: Message) -> Terms:
    interval, refresher = _expires(request)
    return Terms(interval, number_of(request, "min-se"), refresher, TAG in tags_of(request, "supported"))


def number_of(message: Message, name: str) -> int:
    """A header that begins with a number of seconds; 0 for any other, or what nobody would wait for."""
    text = (message.first(name) or "").partition(";")[0].strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0


def _expires(message: Message) -> tuple[int, Literal["", "uac", "uas"]]:
    value = (message.first("session-expires") or "").lower().replace(" ", "")
    who: Literal["", "uac", "uas"] = ""
    if ";refresher=uac" in value:
        who = "uac"
    elif ";refresher=uas" in value:
        who = "uas"
    return number_of(message, "session-expires"), who


TAKEN: dict[str, Handler] = {**without(TAG), **dict.fromkeys(("session-expires", "min-se"), lambda value: None)}
"""What one party says about its own timers is not for the other one."""


def asked(leg: Leg, wanted: int) -> tuple[str, ...]:
    """Lines of an INVITE or UPDATE to a leg, beside its support of timers: the edge refreshes."""
    interval = max(wanted, leg.least)
    return (f"Session-Expires: {interval};refresher=uac", f"Min-SE: {SHORTEST_SESSION}")


def granted(leg: Leg, terms: Terms) -> tuple[str, ...]:
    """Lines of a 2xx to a leg that has asked."""
    if not terms.supported:
        return ()
    return (f"Session-Expires: {leg.interval};refresher={'uas' if leg.refreshes else 'uac'}", f"Require: {TAG}")


def answer(leg: Leg, request: Message, wanted: int, contact: str, now: float) -> Answer | None:
    """A session that is too short is refused, a mere refresh is granted; None: the request goes on.

    ``contact``: the edge's, as the leg knows it.
    """
    terms = terms_of(request)
    if terms.is_too_short:
        return Answer(422, (("Min-SE", str(SHORTEST_SESSION)),))
    if request.method != "UPDATE" or not terms.interval or request.body:
        return None
    grant(leg, terms, wanted, now)
    lines = (line.partition(": ") for line in granted(leg, terms))
    return Answer(200, (("Contact", contact), *((name, value) for name, _, value in lines)))


def accepted(leg: Leg, response: Message, wanted: int, now: float) -> None:
    """A 2xx of a leg to what ``asked`` wrote."""
    interval, refresher = _expires(response)
    run(leg, min(max(interval, SHORTEST_SESSION), LONGEST) if interval else wanted, refresher != "uas", now)


def grant(leg: Leg, terms: Terms, wanted: int, now: float) -> None:
    """A leg's own INVITE or UPDATE gets a 2xx."""
    refreshes = not (terms.supported and terms.refresher == "uac")
    run(leg, min(terms.agreed(wanted) if terms.supported else wanted, LONGEST), refreshes, now)


def run(leg: Leg, interval: int, refreshes: bool, now: float) -> None:
    """A session begins anew."""
    leg.interval, leg.refreshes = interval, refreshes
    leg.refresh_at = now + interval / 2 if refreshes else 0.0
    leg.expires_at = now + interval - (0 if refreshes else min(EARLIER, interval / 3))


def resume(leg: Leg, now: float, share: float) -> None:
    """After a restart nobody knows how much of the interval is left: soon is early enough. ``share``: 0 to 1."""
    if leg.interval:
        run(leg, leg.interval, leg.refreshes, now)
        leg.refresh_at = now + share * leg.interval / 2 if leg.refreshes else 0.0


def refused(leg: Leg, status: int, now: float) -> None:
    """A refresh has failed although the party knows the call; where it takes no UPDATE, a re-INVITE is next."""
    leg.refresh_at = now + max(AGAIN, (leg.expires_at - now) / 2)
    if status in (405, 501) and leg.updates and leg.offer:
        leg.updates, leg.refresh_at = False, now


def learn_methods(leg: Leg, message: Message) -> None:
    """Whether a party takes UPDATE, where it says so."""
    allowed = tags_of(message, "allow")
    if allowed:
        leg.updates = "update" in allowed


def refresh_of(leg: Leg) -> tuple[str, tuple[str, ...], bytes]:
    """Method, further headers and body of the edge's own refresh."""
    if leg.updates or not leg.offer:
        return "UPDATE", (), b""
    return "INVITE", ("Content-Type: application/sdp",), leg.offer.encode("utf-8", "surrogateescape")


def is_description(message: Message) -> bool:
    """Whether its body is an SDP, alone."""
    kind = (message.first("content-type") or "").partition(";")[0].strip().lower()
    return kind == "application/sdp" and bool(message.body)


def note_offer(leg: Leg, message: Message, body: bytes) -> None:
    """A session description on its way to a leg. ``body``: as it is sent."""
    if is_description(message) and len(body) <= MOST_KEPT:
        leg.offer = body.decode("utf-8", "surrogateescape")


def next_due(dialog: Dialog) -> float:
    """When something has to be done about a call; 0: never."""
    if dialog.is_pending:
        return 0.0
    legs = () if dialog.is_left else (dialog.near, dialog.far)
    ringing = dialog.ringing.when if dialog.ringing is not None else 0.0
    times = (dialog.patience, ringing, *(time for leg in legs for time in (leg.refresh_at, leg.expires_at)))
    return min(filter(None, times), default=0.0)


def has_expired(dialog: Dialog, now: float) -> bool:
    """Whether its time is over: no ACK, no answer to a BYE, no refresh."""
    times = (dialog.patience, dialog.near.expires_at, dialog.far.expires_at)
    return any(0.0 < time <= now for time in (times[:1] if dialog.is_left else times))


def to_refresh(dialog: Dialog, now: float) -> list[Leg]:
    """Legs whose refresh is due; they are asked again when it was refused, or granted."""
    legs = [leg for leg in (dialog.near, dialog.far) if 0.0 < leg.refresh_at <= now]
    for leg in legs:
        leg.refresh_at = 0.0
    return legs
