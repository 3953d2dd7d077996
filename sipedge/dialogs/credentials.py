"""Digest towards a party that asks for credentials (RFC 3261 22): the other party need not have any."""

from __future__ import annotations

from sipedge.sip.message import Message
from sipedge.topology.headers import Handler
from zones.digest import authorization, parse
from zones.zone import Credential

from .dialog import Challenge, Leg

ASKED = {401: ("www-authenticate", "Authorization"), 407: ("proxy-authenticate", "Proxy-Authorization")}
TAKEN: dict[str, Handler] = dict.fromkeys(("authorization", "proxy-authorization"), lambda value: None)
"""The other party's own are not for this one."""


def take(leg: Leg, response: Message, tried: bool) -> bool:
    """Remember the challenges of a 401 or 407; False where the password is wrong.

    ``tried``: whether this request was sent again already. If not, what was answered was a challenge of before.
    """
    asked, answer = ASKED[response.status]
    values = tuple(response.values(asked))
    before = leg.challenges.get(answer)
    if not values or (tried and before is not None and before.uses and not any(map(_is_stale, values))):
        return False
    leg.challenges[answer] = Challenge(values)
    return True


def _is_stale(value: str) -> bool:
    try:
        return parse(value).get("stale", "").lower() == "true"
    except ValueError:
        return False


def proofs(leg: Leg, credential: Credential, method: str, uri: str, cnonce: str) -> tuple[str, ...]:
    """Lines of a request to a leg. An ACK has those of its INVITE (RFC 3261 22.1)."""
    if method == "ACK":
        return leg.proofs
    lines = []
    for name, challenge in leg.challenges.items():
        challenge.uses += 1
        value = authorization(challenge.values, credential, method, uri, cnonce, challenge.uses)
        if value is not None:
            lines.append(f"{name}: {value}")
    if method == "INVITE":
        leg.proofs = tuple(lines)
    return tuple(lines)
