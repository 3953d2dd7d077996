"""The usual form of requests that have the same header lines in the same order, as one regular expression.

What it matches is sound: the edge refuses no line of it. Whatever looks odd matches nothing, and is read in full.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from sipedge.decision.classification import EVENT_METHODS, IMP_METHODS
from sipedge.sip.message import HeaderIndex

MOST_LINES, MOST_VIAS = 64, 8
DECIDING = ("event", "proxy-require", "p-asserted-identity")
"""Headers whose whole lines decide, beside From and the start line."""
_UNUSUAL = ("route", "max-breadth")
_ONCE = ("from", "to", "call-id", "cseq", "content-length")
_NAME = rb' ?(?:"[^"\\\r<]*" ?|[A-Za-z0-9_.-][A-Za-z0-9_ .-]*)?<'
_URI = rb'sips?:[^>" \t\r\n\v\f]+'
"""Sets are written out: with \\s and \\w in them the whole takes twice as long. Each part can match in one way only,
whatever the bytes are: so no request takes longer than it is long."""
_VIA = rb"([^\r;]*)((?:;[^\r]*)?)"
_METHODS = "|".join(sorted(IMP_METHODS | EVENT_METHODS)).encode()
"""Of others the body or any header may be what decides their class of traffic."""
_START = b"(" + _METHODS + rb") ([^ ]+) SIP/2\.0\r\n"
_VALUES = {
    "from": _NAME + b"(" + _URI + rb")>[^\r]*",
    "to": _NAME + _URI + rb'>((?:;[^\r>"]*)?)',
    "call-id": rb"([^\r]*)",
    "cseq": rb" ?(\d{1,9} \1)",
    "max-forwards": rb" ?[1-9]\d?",
    "record-route": rb' ?<sips?:[^>," \t\r\n\v\f]+>',
    "content-length": rb" ?\d{1,9}",
}
_ANY = rb"[^\r]*"


class Shape(NamedTuple):
    """``match`` gives groups: method, Request-URI, and then what the lines hold, by place."""

    match: Callable[[bytes], re.Match[bytes] | None]
    line_feeds: int
    """In a head of this shape: another one stands alone in a line."""
    vias: tuple[int, ...]
    """Each Via up to its parameters, which are the group behind it."""
    deciding: tuple[int, ...]
    sender: int
    """The URI in From."""
    to_parameters: int
    call_id: int
    cseq: int


def shape_of(index: HeaderIndex) -> Shape | None:
    """None: requests with these headers are always read in full."""
    if shape_of not in index.memo:
        index.memo[shape_of] = _made(index) if _is_usual(index) else None
    shape: Shape | None = index.memo[shape_of]
    return shape


def _is_usual(index: HeaderIndex) -> bool:
    if any(name in index for name in _UNUSUAL) or any(len(index.get(name, ())) != 1 for name in _ONCE):
        return False
    vias = len(index.get("via", ()))
    return len(index.names) <= MOST_LINES and 0 < vias <= MOST_VIAS and len(index.get("max-forwards", ())) <= 1


def _made(index: HeaderIndex) -> Shape:
    headers = {number: name for name, numbers in index.items() for number in numbers}
    parts, places, groups = [_START], dict[int, int](), 2
    for number, written in enumerate(index.names, 1):
        value = _line(headers[number], re.escape(written))
        places[number] = groups
        groups += re.compile(value.replace(rb"\1", b"")).groups
        parts.append(value + rb"\r\n")
    pattern = re.compile(b"".join(parts) + rb"\r\n")

    def of(name: str) -> tuple[int, ...]:
        return tuple(places[number] for number in index.get(name, ()))

    deciding = tuple(place for name in DECIDING for place in of(name))
    one = [of(name)[0] for name in ("from", "to", "call-id", "cseq")]
    return Shape(pattern.match, len(index.names) + 2, of("via"), deciding, *one)


def _line(header: str, name: bytes) -> bytes:
    if header in DECIDING:
        return b"(" + name + _ANY + b")"
    return name + (_VIA if header == "via" else _VALUES.get(header, _ANY))
