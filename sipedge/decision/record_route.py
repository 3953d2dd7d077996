"""Signed Record-Route tokens: how the edge recognises requests of a dialog without keeping the dialog.

The user part of the edge's Record-Route URI is a token: its version, when it was signed, which zone lies on this side
of the edge, which one on the other side, a seal, and an HMAC-SHA-256 over these, the dialog's Call-ID and the caller's
tag. A request whose topmost Route carries a valid token goes to the zone on the other side without a search. Nothing is
remembered, so a restart loses no dialog and any connection of the right zone will do; a token that was made up, altered
or lifted from another dialog opens nothing.

The seal binds the side outside to the party inside: its Contact and the Route values in front of it. It is put in as
soon as the Contact passes, in a request at once, in a response by writing the edge's own Record-Route value anew (RFC
3261 16.7 step 8). A token from outside whose seal does not fit the request counts for nothing: the request is searched.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2s, sha256
from itertools import product

from zones.zone import Zone

STANDARD, MICROSOFT = b"\x03", b"\x04"
"""The first byte, version 2: whether the dialog began as traffic of Microsoft's, which its later requests need not
show."""
UNDATED = {b"\x01": STANDARD, b"\x02": MICROSOFT}
"""The first byte of version 1, which is the same without the time."""
TIME_BYTES = 3
HOUR = 3600
NAME_BYTES = 6
SEAL_BYTES = 5
NO_SEAL = bytes(SEAL_BYTES)
MAC_BYTES = 15
BLOCK = 64
"""Bytes that SHA-256 takes at once."""
TOKEN_LENGTH = 50
"""Characters: base64url of 1 + 3 + 2 * 6 + 5 + 15 = 36 bytes is 48 characters, after the prefix ``e-``."""
UNDATED_LENGTH = TOKEN_LENGTH - 4
PREFIX = "e-"
MOST_KNOWN, LONGEST_KNOWN = 2048, 128
"""Tokens that need not be read again, and the characters of a Call-ID or tag of theirs."""


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
    seal: bytes = NO_SEAL
    """Where ``here`` is outside: what it may reach inside (``seal_of``)."""
    issued: int = 0
    """When it was signed, in whole hours since 1970; 0: a token of version 1, which does not say."""


def seal_of(contact: str, routes: Iterable[str]) -> bytes:
    """Of a dialog's party and the way to it: all that the other side may write behind the edge's own Route values.

    ``contact``: the alias of its Contact with port and parameters; ``routes``: the URIs of the Route values that follow
    the edge's. It needs no key: the token's MAC covers it.
    """
    return blake2s("\0".join((contact, *routes)).encode("utf-8", "surrogateescape"), digest_size=SEAL_BYTES).digest()


class TokenKey:
    """Mints and reads tokens for one set of zone names."""

    def __init__(self, secret: bytes, zone_names: tuple[str, ...], former: tuple[bytes, ...] = ()) -> None:
        """``former``: secrets of which tokens are still read.

        Raises ValueError when a secret is shorter than 16 bytes: anyone could try them all.
        """
        if min(map(len, (secret, *former))) < 16:
            raise ValueError("the secret of the Record-Route tokens is shorter than 16 bytes")
        self._seals = tuple(map(_Mac, (secret, *former)))
        self._known: dict[tuple[str, str, str], ZonePair] = {}
        """What good tokens say, by token, Call-ID and caller's tag: that of an INVITE comes back in ACK and BYE."""
        self._digests = {name: blake2s(name.encode(), digest_size=NAME_BYTES).digest() for name in zone_names}
        self._names = {digest: name for name, digest in self._digests.items()}

    def mint(self, pair: ZonePair, call_id: str, caller_tag: str) -> str:
        kind = MICROSOFT if pair.microsoft else STANDARD
        issued = pair.issued.to_bytes(TIME_BYTES, "big")
        payload = kind + issued + self._digests[pair.here] + self._digests[pair.there] + pair.seal
        mac = self._seals[0].of(payload, call_id, caller_tag)
        token = PREFIX + base64.urlsafe_b64encode(payload + mac).decode()
        self._know(token, call_id, caller_tag, pair)
        return token

    def read(self, token: str, call_id: str, tags: tuple[str | None, ...]) -> ZonePair | None:
        """The zones of a token that is ours and belongs to this dialog, else None.

        ``tags``: the From and To tags of the request: the caller of the dialog is one of them.
        """
        if len(token) not in (TOKEN_LENGTH, UNDATED_LENGTH) or not token.startswith(PREFIX):
            return None
        for tag in filter(None, tags):
            if (known := self._known.get((token, call_id, tag))) is not None:
                return known
        try:
            raw = base64.b64decode(token[len(PREFIX) :], altchars=b"-_", validate=True)
        except ValueError:
            return None
        payload, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
        kinds = (STANDARD, MICROSOFT) if len(token) == TOKEN_LENGTH else UNDATED
        if payload[:1] not in kinds:
            return None
        for seal, tag in product(self._seals, filter(None, tags)):
            if hmac.compare_digest(mac, seal.of(payload, call_id, tag)):
                pair = self._pair(payload)
                if pair is not None:
                    self._know(token, call_id, tag, pair)
                return pair
        return None

    def _know(self, token: str, call_id: str, tag: str, pair: ZonePair) -> None:
        """Good ones only, so that nobody else's can push them out."""
        if len(call_id) <= LONGEST_KNOWN >= len(tag):
            if len(self._known) >= MOST_KNOWN:
                del self._known[next(iter(self._known))]
            self._known[token, call_id, tag] = pair

    def _pair(self, payload: bytes) -> ZonePair | None:
        kind, names = payload[:1], payload[-2 * NAME_BYTES - SEAL_BYTES :]
        here = self._names.get(names[:NAME_BYTES])
        there = self._names.get(names[NAME_BYTES : 2 * NAME_BYTES])
        if here is None or there is None:
            return None
        issued = int.from_bytes(payload[1 : -len(names)], "big")
        return ZonePair(here, there, UNDATED.get(kind, kind) == MICROSOFT, payload[-SEAL_BYTES:], issued)


class _Mac:
    """HMAC-SHA-256 (RFC 2104) with one secret, begun once: that takes two fifths of the time of hmac.digest."""

    def __init__(self, secret: bytes) -> None:
        block = (sha256(secret).digest() if len(secret) > BLOCK else secret).ljust(BLOCK, b"\0")
        self._inner = sha256(bytes(byte ^ 0x36 for byte in block))
        self._outer = sha256(bytes(byte ^ 0x5C for byte in block))

    def of(self, payload: bytes, call_id: str, caller_tag: str) -> bytes:
        inner, outer = self._inner.copy(), self._outer.copy()
        parts = payload, call_id.encode("utf-8", "surrogateescape"), caller_tag.encode("utf-8", "surrogateescape")
        inner.update(b"\0".join(parts))
        outer.update(inner.digest())
        return outer.digest()[:MAC_BYTES]
