"""Requests on the legs of a call: those of a party made ready for the other leg, and those of the edge's own."""

from __future__ import annotations

from collections.abc import Sequence

from sipedge.sip.message import Message
from sipedge.topology.headers import Head

from .crossing import with_tag
from .dialog import Dialog, Leg

TARGET_REFRESHES = frozenset({"INVITE", "UPDATE", "REFER", "SUBSCRIBE", "NOTIFY"})
"""Requests whose Contact is the party's from now on (RFC 5057 4.5)."""
GONE = (408, 481)
"""A party that answers so has hung up: RFC 3261 12.2.1.2."""
OTHER_USAGES = frozenset({"SUBSCRIBE", "NOTIFY", "REFER", "PRACK"})
"""Their 481 ends a subscription within the dialog, or an acknowledgement, not the call (RFC 5057 5.1)."""


def revealed(message: Message, leg: Leg) -> Message:
    """A request with the Request-URI and the Route of the leg that it goes to (RFC 3261 12.2.1.1)."""
    head = Head(message)
    head.start_line(f"{message.method} {leg.target} SIP/2.0".encode("utf-8", "surrogateescape"))
    if "route" in message.index:
        head.write("route", leg.routes)
    elif leg.routes:
        head.add_behind_first("via", [f"Route: {route}".encode("utf-8", "surrogateescape") for route in leg.routes])
    return Message(head.to_bytes(), message.body)


def own_request(
    dialog: Dialog,
    source: Leg,
    target: Leg,
    method: str,
    number: int,
    headers: Sequence[str],
    body: bytes = b"",
) -> Message:
    """A request of the edge's own to one leg, as the party of the other leg would have written it.

    ``headers``: whole lines, Via first. Request-URI and Route are those of ``target`` already.
    """
    is_near = source is dialog.near
    from_, to = (dialog.caller, dialog.callee) if is_near else (dialog.callee, dialog.caller)
    lines = [
        f"{method} {target.target} SIP/2.0",
        headers[0],
        *(f"Route: {route}" for route in target.routes),
        f"From: {with_tag(from_, source.remote_tag)}",
        f"To: {with_tag(to, source.tag)}",
        f"Call-ID: {source.call_id}",
        f"CSeq: {number} {method}",
        *headers[1:],
        f"Content-Length: {len(body)}",
    ]
    return Message("\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n", body)
