"""Call-IDs on both sides of a hidden zone's border: wherever a header carries one.

Both ways the same rule: a Call-ID that was sealed for the other direction is opened, any other one is sealed. So those
of callers inside are unreadable outside, those of callers outside are sealed inside, and each comes home as it went;
which side a dialog began on need not be known.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache, partial
from urllib.parse import quote, unquote

from sipedge.sip.values import split_commas

from .headers import Handler
from .seals import Kind, Seals

PREFIX = "sealed-"
MOST, LONGEST = 1024, 256
"""Call-IDs of a zone that are remembered, because all requests of a dialog have one, and their characters."""
LEADING = ("call-id", "replaces", "join", "target-dialog")
"""Headers whose value begins with a Call-ID (RFC 3261 20.8, 3891, 3911, 4538)."""
_PARAMETER = re.compile(r'(;\s*call-id\s*=\s*"?)([^";]+)', re.IGNORECASE)
"""``Event: dialog;call-id="..."`` (RFC 4235 3.2)."""
_IN_URI = re.compile(
    r"([?&](?:Replaces|Join|Target-Dialog|In-Reply-To|Call-ID)=)((?:%(?!3[Bb])|[^%;&>])*)", re.IGNORECASE
)
"""``Refer-To: <sip:...?Replaces=...>``: the escaped Call-ID ends at ``;`` or ``%3B`` (RFC 3891 7)."""

Crossed = Callable[[str], str]
"""A Call-ID on one side -> the same one on the other."""


class CallIds:
    """The Call-IDs of one hidden zone."""

    def __init__(self, seals: Seals, zone: str) -> None:
        self._seals, self._zone = seals, zone
        self._remembered = lru_cache(maxsize=MOST)(self._made)

    def outward(self, call_id: str) -> str:
        """As it is written outside of what the zone's peers write."""
        return self._crossed(call_id, "in", "out")

    def inward(self, call_id: str) -> str:
        """As it is written to the zone's peers of what others write."""
        return self._crossed(call_id, "out", "in")

    def _crossed(self, call_id: str, made_for: str, other: str) -> str:
        make = self._remembered if len(call_id) <= LONGEST else self._made
        return make(call_id, made_for, other)

    def _made(self, call_id: str, made_for: str, other: str) -> str:
        if call_id.startswith(PREFIX):
            opened = self._seals.open(Kind.CALL_ID, f"{made_for} {self._zone}", call_id[len(PREFIX) :])
            if opened is not None:
                return opened
        return PREFIX + self._seals.seal(Kind.CALL_ID, f"{other} {self._zone}", call_id) if call_id else call_id


def leading(crossed: Crossed, value: str) -> str:
    """A header value that begins with a Call-ID."""
    call_id, semicolon, rest = value.partition(";")
    return crossed(call_id.rstrip()) + semicolon + rest


def handlers(crossed: Crossed) -> dict[str, Handler]:
    """For every header that carries Call-IDs."""

    def listed(value: str) -> str:
        return ", ".join(map(crossed, split_commas(value)))

    def parameter(value: str) -> str:
        return _PARAMETER.sub(lambda found: found[1] + crossed(found[2]), value)

    def in_uri(value: str) -> str:
        return _IN_URI.sub(lambda found: found[1] + quote(crossed(unquote(found[2])), safe="-_.@"), value)

    return {
        **dict.fromkeys(LEADING, partial(leading, crossed)),
        "in-reply-to": listed,
        "event": parameter,
        "refer-to": in_uri,
    }
