"""The answer to a request for which there is no room: 503, sent without a transaction (RFC 3261 21.5.4)."""

from __future__ import annotations

import secrets

from sipedge.sip.message import Message

RETRY_AFTER = 5
"""Seconds."""


def refuse(message: Message, source: str) -> bytes:
    """A 503 with Retry-After; ``source``: the address that the request came from (RFC 3261 18.2.1)."""
    lines, index = message.lines, message.index
    vias = [lines[number] for number in index["via"]]
    if b"," not in vias[0] and b"received=" not in vias[0].lower():
        vias[0] += b";received=" + source.encode("ascii")
    to = lines[index["to"][0]]
    if message.to_tag is None:
        to += b";tag=" + secrets.token_hex(8).encode("ascii")
    copied = [lines[index[name][0]] for name in ("from", "call-id", "cseq")]
    rest = [b"Retry-After: %d" % RETRY_AFTER, b"Content-Length: 0"]
    return b"\r\n".join([b"SIP/2.0 503 Service Unavailable", *vias, to, *copied, *rest]) + b"\r\n\r\n"
