"""Finding the next SIP message after bytes were lost, or in a stream that was taken up in the middle.

A start line alone proves nothing there: a body may quote one, the end of a body may stand in front of it on the same
line, and of a method its beginning may be lost. A message is therefore known by its whole header section, which has the
fields that every message must have (RFC 3261 8.1.1) and names a request's method again in CSeq (8.1.1.5).

A message inside the body of one whose beginning was lost cannot be told from a message.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from .wire import EMPTY_LINE, LARGEST_HEAD, LARGEST_LINE, START

_VERSION = b"SIP/2.0"
_STATUS_LINE = re.compile(rb"SIP/2\.0 [1-6]\d\d[ \r]")
_END_OF_REQUEST_LINE = re.compile(rb"(?<=[^ \t]) SIP/2\.0[ \t]*\r?\n")
_FIELD = re.compile(rb"\n(via|v|from|f|to|t|call-id|i|cseq)[ \t]*:", re.IGNORECASE)
_LONG_NAMES = {b"v": b"via", b"f": b"from", b"t": b"to", b"i": b"call-id"}
_MANDATORY = 5
"""Via, From, To, Call-ID and CSeq; Max-Forwards, which is mandatory too, many leave out."""
_CSEQ_METHOD = re.compile(rb"\ncseq[ \t]*:\s*\d+\s+([^\s:]+)[ \t]*\r", re.IGNORECASE)
_HEADER_LINES = re.compile(rb"(?:(?:[!#-'*+\-.0-9A-Z^_`a-z|~]+[ \t]*:|[ \t])[^\n]*\n)*+")
_BLANK = re.compile(rb"[ \t]")


class NextMessage(NamedTuple):
    """Offsets in the data."""

    begin: int
    """Of its start line; -1 as long as no whole header section proves one."""
    keep: int
    """From where on the bytes may belong to a message that more bytes complete."""
    start_line: bool
    """The kept bytes begin with a line that may be a start line: the end of its header section is to come."""


def find_message(data: bytes, start: int) -> NextMessage:
    """The first message from ``start`` on. Each empty line ends a header section or stands in a body."""
    section = start
    while (end := data.find(EMPTY_LINE, section)) >= 0:
        begin = _beginning(data, max(section, end + len(EMPTY_LINE) - LARGEST_HEAD), end)
        if begin >= 0:
            return NextMessage(begin, begin, True)
        section = end + len(EMPTY_LINE)
    return _unfinished(data, section)


def _beginning(data: bytes, low: int, end: int) -> int:
    """Of the message whose header section ends at ``end``, not before ``low``; -1 when its start line is not there.

    The last start line counts that has all mandatory fields behind it: others before it are quoted in a body.
    """
    if data.find(_VERSION, low, end) < 0:
        return -1
    fields: dict[bytes, int] = {}
    for field in _FIELD.finditer(data, low, end):
        name = field[1].lower()
        fields[_LONG_NAMES.get(name, name)] = field.start()
    method = _CSEQ_METHOD.match(data, fields[b"cseq"]) if len(fields) == _MANDATORY else None
    if method is None:
        return -1
    place = data.rfind(_VERSION, low, min(fields.values()))
    while place >= 0:
        begin = _start_line(data, low, place, method[1])
        if begin >= 0:
            behind = data.find(b"\n", place) + 1
            return begin if _HEADER_LINES.fullmatch(data, behind, end + 2) else -1
        place = data.rfind(_VERSION, low, place)
    return -1


def _start_line(data: bytes, low: int, place: int, method: bytes) -> int:
    """The beginning of the start line that has SIP/2.0 at ``place``; -1 when there is none.

    The end of a body may stand in front of it on the same line.
    """
    if _STATUS_LINE.match(data, place):
        return place
    if place <= low or not _END_OF_REQUEST_LINE.match(data, place - 1):
        return -1
    line = data.rfind(b"\n", low, place) + 1 or low
    begin = data.rfind(method + b" ", line, place - 1)
    if begin < 0 or _BLANK.search(data, begin + len(method) + 1, place - 1):
        return -1
    return begin if START.match(data, begin) else -1


def _unfinished(data: bytes, section: int) -> NextMessage:
    """A header section, or its first line, that goes on behind the data has to be kept."""
    section = max(section, len(data) - LARGEST_HEAD)
    place = data.find(_VERSION, section)
    while place >= 0:
        behind = place + len(_VERSION)
        if data[behind : behind + 1] not in (b"/", b""):  # SIP/2.0/TCP is a Via
            begin = max(data.rfind(b"\n", section, place) + 1, section, place - LARGEST_LINE)
            return NextMessage(-1, begin, True)
        place = data.find(_VERSION, place + 1)
    return NextMessage(-1, max(data.rfind(b"\n", section) + 1, section, len(data) - LARGEST_LINE), False)
