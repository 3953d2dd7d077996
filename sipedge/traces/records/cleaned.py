"""Text without the marks of terminals and web pages: colours (ECMA-48 SGR and the like), blanks that do not break."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import deque

from .source import ByteStream

_COLOUR = re.compile(rb"\x1b\[[0-9;:?]{0,32}[A-Za-z]")
_HARD_BLANKS = re.compile(rb" ?(?:\xc2\xa0)+ ?")
_HARD_START = re.compile(
    rb"^[ \t\xc2\xa0]*(?:[A-Z]{3,32}[ \xc2\xa0]+sips?:[^\s]{1,2048}?[ \xc2\xa0]+SIP/2\.0|"
    rb"SIP/2\.0[ \xc2\xa0]+[1-6]\d\d)",
    re.MULTILINE,
)
_LONGEST_LINE = 1 << 16
"""A mark that is cut in two in a longer one stays."""
_REMEMBERED = 65_536
"""Marks whose places are remembered: readers tell of what they read a while ago."""


def marks_in(head: bytes) -> re.Pattern[bytes] | None:
    """What has to be taken off a text that begins like this; None for nothing."""
    if _COLOUR.search(head):
        return _COLOUR
    start = _HARD_START.search(head) if b"\xc2\xa0" in head else None
    return _HARD_BLANKS if start is not None and b"\xc2\xa0" in start[0].strip() else None


def without(marks: re.Pattern[bytes], text: bytes) -> bytes:
    return marks.sub(_instead(marks), text)


def _instead(marks: re.Pattern[bytes]) -> bytes:
    return b"" if marks is _COLOUR else b" "


class Cleaned:
    """A stream without its marks."""

    def __init__(self, stream: ByteStream, marks: re.Pattern[bytes]) -> None:
        self._stream, self._marks, self._instead = stream, marks, _instead(marks)
        self._text = self._rest = b""
        self._given = self._removed = 0
        self._places: deque[tuple[int, int]] = deque(maxlen=_REMEMBERED)
        """Of each mark the place behind it in the clean text, and the bytes removed up to there."""

    def read(self, size: int, /) -> bytes:
        while len(self._text) < size and (raw := self._stream.read(size)):
            self._clean(self._rest + raw, at_end=False)
        if len(self._text) < size and self._rest:
            self._clean(self._rest, at_end=True)
        part, self._text = self._text[:size], self._text[size:]
        self._given += len(part)
        return part

    def original(self, position: int) -> int:
        """The place in the stream of a place in the clean text."""
        index = bisect_right(self._places, (position, 1 << 62))
        return position + (self._places[index - 1][1] if index else 0)

    def _clean(self, raw: bytes, *, at_end: bool) -> None:
        whole = len(raw) if at_end else _whole(raw)
        self._rest = raw[whole:]
        parts, last, place = [self._text], 0, self._given + len(self._text)
        for match in self._marks.finditer(raw, 0, whole):
            parts += [raw[last : match.start()], self._instead]
            place += match.start() - last + len(self._instead)
            last = match.end()
            self._removed += len(match[0]) - len(self._instead)
            self._places.append((place, self._removed))
        parts.append(raw[last:whole])
        self._text = b"".join(parts)


def _whole(raw: bytes) -> int:
    """Up to where no mark can go on behind the bytes: none has a line end in it."""
    line = raw.rfind(b"\n") + 1
    return line if len(raw) - line <= _LONGEST_LINE else len(raw)
