"""Signed Record-Route tokens: how the edge recognises requests of a dialog without keeping the dialog.

The user part of the edge's Record-Route URI is a token: which zone lies on this side of the edge, which one on the
other side, and an HMAC-SHA-256 over both, the dialog's Call-ID and the caller's tag. A request whose topmost Route
carries a valid token goes to the zone on the other side without a search. Nothing is remembered, so a restart loses no
dialog and any connection of the right zone will do; a token that was made up, altered or lifted from another dialog
opens nothing.
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass
from hashlib import blake2s

from zones.zone import Zone

STANDARD, MICROSOFT = b"\x01", b"\x02"
"""The first byte: whether the dialog began as traffic of Microsoft's, which its later requests need not show."""
NAME_BYTES = 6
MAC_BYTES = 15
TOKEN_LENGTH = 40
"""Characters: base64url of 1 + 2 * 6 + 15 = 28 bytes is 38 characters, after the prefix ``e-``."""
PREFIX = "e-"


DIALOG_METHODS = frozenset({"INVITE", "REFER"})
"""Record-routed always."""
SUBSCRIPTION_METHODS = frozenset({"SUBSCRIBE", "NOTIFY"})
"""Record-routed together: a subscriber takes its route set from the NOTIFY (RFC 6665 4.3, 4.4.1)."""

RECORD_ROUTED = DIALOG_METHODS | SUBSCRIPTION_METHODS
"""Methods for which ``is_record_routed`` may say yes."""


def is_record_routed(method: str, source: Zone, target: Zone, microsoft: bool) -> bool:
    """Whether the edge stays on the way of the dialog that a request begins. ``microsoft``: it is traffic of theirs."""
    if method in DIALOG_METHODS:
        return True
    if method not in SUBSCRIPTION_METHODS:
        return False
    wishes = (source.record_route_subscribe, target.record_route_subscribe)
    return True in wishes or (not microsoft and False not in wishes)


@dataclass(frozen=True, slots=True)
class ZonePair:
    """``here``: the zone on the side whose peers see this URI first; ``there``: the zone on the other side."""

    here: str
    there: str
    microsoft: bool = False
    """The dialog is traffic of Microsoft's."""


class TokenKey:
    """Mints and reads tokens for one set of zone names."""

    def __init__(self, secret: bytes, zone_names: tuple[str, ...]) -> None:
        """Raises ValueError when the secret is shorter than 16 bytes: anyone could try them all."""
        if len(secret) < 16:
            raise ValueError("the secret of the Record-Route tokens is shorter than 16 bytes")
        self._secret = secret
        self._digests = {name: blake2s(name.encode(), digest_size=NAME_BYTES).digest() for name in zone_names}
        self._names = {digest: name for name, digest in self._digests.items()}

    def mint(self, pair: ZonePair, call_id: str, caller_tag: str) -> str:
        kind = MICROSOFT if pair.microsoft else STANDARD
        payload = kind + self._digests[pair.here] + self._digests[pair.there]
        return (
            PREFIX + base64.urlsafe_b64encode(payload + self._mac(payload, call_id, caller_tag)).rstrip(b"=").decode()
        )

    def read(self, token: str, call_id: str, tags: tuple[str | None, ...]) -> ZonePair | None:
        """The zones of a token that is ours and belongs to this dialog, else None.

        ``tags``: the From and To tags of the request: the caller of the dialog is one of them.
        """
        if len(token) != TOKEN_LENGTH or not token.startswith(PREFIX):
            return None
        try:
            raw = base64.b64decode(token[len(PREFIX) :] + "==", altchars=b"-_", validate=True)
        except ValueError:
            return None
        payload, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
        if payload[:1] not in (STANDARD, MICROSOFT):
            return None
        for tag in tags:
            if tag and hmac.compare_digest(mac, self._mac(payload, call_id, tag)):
                here = self._names.get(payload[1 : 1 + NAME_BYTES])
                there = self._names.get(payload[1 + NAME_BYTES :])
                if here is None or there is None:
                    return None
                return ZonePair(here, there, payload[:1] == MICROSOFT)
        return None

    def _mac(self, payload: bytes, call_id: str, caller_tag: str) -> bytes:
        text = b"\0".join(
            (payload, call_id.encode("utf-8", "surrogateescape"), caller_tag.encode("utf-8", "surrogateescape"))
        )
        return hmac.digest(self._secret, text, "sha256")[:MAC_BYTES]
