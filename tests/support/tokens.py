"""Record-Route tokens as version 1 signed them: the same as today's, without a time."""

from __future__ import annotations

import base64

from sipedge.decision.record_route import MAC_BYTES, PREFIX, TIME_BYTES, TokenKey, ZonePair


def undated(key: TokenKey, pair: ZonePair, call_id: str, caller_tag: str) -> str:
    raw = base64.urlsafe_b64decode(key.mint(pair, call_id, caller_tag)[len(PREFIX) :])
    kind = b"\x02" if pair.microsoft else b"\x01"
    payload = kind + raw[1 + TIME_BYTES : -MAC_BYTES]
    return PREFIX + base64.urlsafe_b64encode(payload + key._seals[0].of(payload, call_id, caller_tag)).decode()
