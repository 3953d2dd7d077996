"""Session descriptions of a hidden zone (RFC 4566): addresses that no media flow to."""

from __future__ import annotations

import re

_MEDIA = re.compile(rb"^m=(\S+)", re.MULTILINE)
_BOTH = re.compile(rb"^(o=\S+ \S+ \S+ IN |c=IN )(IP[46]) [^\s\r\n]+", re.MULTILINE)
_ORIGIN = re.compile(rb"^(o=\S+ \S+ \S+ IN )(IP[46]) [^\s\r\n]+", re.MULTILINE)
CONTENT_TYPE = "application/sdp"


def with_hidden_address(content_type: str, body: bytes, host: bytes) -> bytes:
    """A description with ``host`` in place of the party's address; any other body stays.

    In ``o=``, which only tells sessions apart; in ``c=`` too where every medium is ``message``, which goes the way of
    the signalling. Where media flow ``c=`` stays: without a relay for media nobody would hear anything.
    """
    if content_type != CONTENT_TYPE:
        return body
    pattern = _BOTH if set(_MEDIA.findall(body)) == {b"message"} else _ORIGIN
    return pattern.sub(lambda found: found[1] + found[2] + b" " + host, body)
