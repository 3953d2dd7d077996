"""What a stranger sends: mutated samples that the edge has not seen before and the oracle finds again. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

from .mutations import mutated

URIS = (b"sip:bob@far.example",) * 5 + (b"sip:bob@wild.example",) * 2 + (b"",) * 4
"""Of requests; b"" leaves the one that there is."""
STOLEN = 0.03
"""Part of the requests that carry a signed Route of another dialog: no rule allows where they want to go."""
_START = re.compile(rb"^([A-Z]+) (\S+) (SIP/2\.0)\r\n")
_CALL_ID = re.compile(rb"(?im)^(call-id|i)([ \t]*:)[^\r\n]*")
_BRANCH = re.compile(rb"branch=z9hG4bK[^;,\s]*")


def prepared(chance: Random, number: int, samples: Sequence[bytes], edge: bytes, signed: Sequence[bytes]) -> bytes:
    """The next message: one that its transaction layer has not seen, marked so that the oracle finds it again.

    ``signed``: Record-Route values of other dialogs.
    """
    message = mutated(chance, samples).replace(b"%s", edge)
    if uri := chance.choice(URIS):
        message = _START.sub(rb"\1 %b \3\r\n" % uri, message, count=1)
    stolen = signed and chance.random() < STOLEN
    if stolen:
        message = _START.sub(rb"\1 sip:victim@third.example \3\r\nRoute: " + chance.choice(signed) + b"\r\n", message)
    if stolen or chance.random() < 0.9:
        message = _CALL_ID.sub(rb"\g<1>\g<2> fuzz-%d" % number, message, count=1)
        message = _BRANCH.sub(b"branch=z9hG4bKfuzz%d" % number, message, count=1)
    head, end, rest = message.partition(b"\r\n")
    return head + end + b"X-Fuzz: %d\r\n" % number + rest if end else message
