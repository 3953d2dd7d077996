"""Cutting one direction of a recorded TCP or TLS stream into SIP messages (RFC 3261 18.3).

Unlike framing.py, which guards the edge and closes at the first doubt, this one looks on: what it cannot make out is
passed over, and it goes on at the next start line. A stream that never shows one (HTTP, LDAP ...) is left in silence.
"""

from __future__ import annotations

import re

from .record import Direction, Endpoint, Item, Record, Skipped

START = re.compile(
    rb"[A-Za-z0-9\-.!%*_+`'~]{1,64}[ \t][^\r\n]{1,8192}[ \t]SIP/\d\.\d[ \t]*\r?\n|SIP/\d\.\d [ \t]*\d{3}"
)
"""A start line, up to the line end of a request and the status code of a response."""
_OPENING = re.compile(rb"[A-Z]{3,16} sips?:|SIP/2\.0")
"""As much of a start line as tells SIP from others."""
SURE_START = re.compile(
    rb"(?:INVITE|ACK|BYE|CANCEL|OPTIONS|REGISTER|SUBSCRIBE|(?:BE)?NOTIFY|MESSAGE|INFO|UPDATE|PRACK|REFER|PUBLISH|SERVICE|"
    rb"NEGOTIATE) [^ \r\n]{1,4096} SIP/2\.0[ \t]*\r\n|SIP/2\.0 [1-6]\d\d "
)
"""A start line that is sure enough where a body without a line end may stand in front."""
_METHOD = re.compile(rb"([^ \t]+)[ \t]")
_TORN = frozenset(
    method[start:]
    for method in (
        b"INVITE ACK BYE CANCEL OPTIONS REGISTER SUBSCRIBE BENOTIFY MESSAGE INFO UPDATE PRACK REFER PUBLISH SERVICE "
        b"NEGOTIATE"
    ).split()
    for start in range(1, len(method))
) - {b"NOTIFY"}
"""What is left of a known method where its beginning was lost."""
LARGEST_HEAD = 1 << 16
LARGEST_MESSAGE = 1 << 20
LARGEST_LINE = 8192
_LENGTH = re.compile(rb"\n(?:content-length|l)[ \t]*:\s*(\d{1,10})[ \t]*\r", re.IGNORECASE)
_USUAL = b"\nContent-Length: "
_TOKEN = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.!%*_+`'~")
_TLS_RECORD = re.compile(rb"[\x14-\x17]\x03[\x00-\x04]")
_CR, _LF = 13, 10


class Cutter:
    """``feed`` the bytes in order; messages and what is passed over are appended to ``out``."""

    __slots__ = (
        "_begun", "_edge", "_file", "_in_step", "_needed", "_out", "_passed", "_passed_position",
        "_position", "_searched", "_sip", "_time", "_transport", "destination", "held", "source", "tls", "tls_position",
    )  # fmt: skip

    def __init__(
        self, out: list[Item], file: str, source: Endpoint, destination: Endpoint, transport: str = "tcp"
    ) -> None:
        self._out, self._file = out, file
        self.source, self.destination, self._transport = source, destination, transport
        self.tls: bytes | None = None
        """The first bytes of a TLS stream, once it has shown to be one; nothing more is read then."""
        self.tls_position = 0
        self._sip = False
        self._renew()

    def _renew(self) -> None:
        self.held = bytearray()
        """The beginning of a message, or of a line that may become one."""
        self._needed = 0
        self._begun = False
        self._in_step = True
        self._passed = self._passed_position = 0
        self._edge = 0
        """Where in the data the packet begins that came last, while out of step: messages often begin with a packet."""
        self._searched = 0
        """Up to where in the data no header section ends, when one was too long."""
        self._time, self._position = 0.0, 0

    def feed(self, data: bytes, time: float, position: int) -> None:
        if self.tls is not None:
            return
        first_time, first_position = time, position
        if not self._in_step:
            self._edge, self._searched = len(self.held), 0
        if self.held:
            if not self._complete(data):
                return
            data, first_time, first_position = bytes(self.held), self._time, self._position
            self.held = bytearray()
        start, end = 0, len(data)
        while start < end:
            if data[start] == _CR or data[start] == _LF:
                start += 1
                continue
            self._time, self._position = first_time, first_position
            following = self._message(data, start) if self._in_step else self._find(data, start)
            if following < 0:
                self.held += data[start:]
                return
            if self._begun:
                self._begun = False
                self._emit(data[start:following], first_time, first_position)
            first_time, first_position = time, position
            start = following

    def join(self) -> None:
        """What comes first may be the middle of a message."""
        self._in_step = False

    def _complete(self, data: bytes) -> bool:
        """Add to what is held; whether the message in it, or at least its length, can be known now."""
        held = self.held
        old = len(held)
        held += data
        if self._needed:
            return len(held) >= self._needed
        return not self._begun or len(held) > LARGEST_HEAD or held.find(b"\r\n\r\n", max(0, old - 3)) >= 0

    def _message(self, data: bytes, start: int) -> int:
        """Where the message at ``start`` ends; where to go on when it is none; -1 when more is needed.

        ``_begun`` is set when it is one.
        """
        if not START.match(data, start):
            return self._no_start(data, start)
        self._begun = self._sip = True
        first = start
        if self._searched:
            first, self._searched = max(start, self._searched), 0
        head = data.find(b"\r\n\r\n", first, start + LARGEST_HEAD)
        if head < 0:
            if len(data) - start <= LARGEST_HEAD:
                return -1
            self._searched = start + LARGEST_HEAD - 3
            return self._out_of_step(data, start, "a header section has no end")
        length = content_length(data, start, head + 2) or 0
        end = head + 4 + length
        if end - start > LARGEST_MESSAGE:
            return self._out_of_step(data, start, f"Content-Length says {length} bytes")
        if end > len(data):
            self._needed = end - start
            return -1
        self._needed = 0
        return end

    def _no_start(self, data: bytes, start: int) -> int:
        rest = len(data) - start
        if self._is_tls(data, start):
            return len(data)
        unfinished = rest <= LARGEST_LINE and data.find(b"\n", start) < 0
        if unfinished and data[start] in _TOKEN:
            return -1
        self._in_step = False
        self._passed = 0
        return start

    def _is_tls(self, data: bytes, start: int) -> bool:
        if self._sip or data[start] in _TOKEN or not _TLS_RECORD.match(data, start):
            return False
        self.tls, self.tls_position = data[start : start + 6], self._position
        return True

    def _out_of_step(self, data: bytes, start: int, reason: str) -> int:
        """Go on behind the start line at ``start``."""
        self._skip(self._position, reason)
        self._begun = self._in_step = False
        self._needed = 0
        self._passed = -1
        return data.find(b"\n", start) + 1 or len(data)

    def _find(self, data: bytes, start: int) -> int:
        """The next start line at the beginning of a line; all was passed over when that is the end of the data."""
        if self._is_tls(data, start):
            return len(data)
        if not self._passed:
            self._passed_position = self._position
        found = _find_again(data, start)
        edge = max(start, self._edge)
        if (found < 0 or found > edge) and _begins(data, edge):
            found = edge
        if found < 0:
            self._pass(data, start)
            return len(data)
        if self._passed > 0 or (self._passed == 0 and found > start):
            self._skip(self._passed_position, f"{self._passed + found - start} bytes are no SIP message")
        self._in_step = True
        self._passed = self._edge = 0
        return found

    def _pass(self, data: bytes, start: int) -> None:
        """Nothing here; the last line may be the beginning of a start line."""
        line = max(data.rfind(b"\n", start) + 1, start, len(data) - LARGEST_LINE)
        if self._passed >= 0:
            self._passed += line - start
        self.held += data[line:]

    def lose(self, count: int, position: int) -> None:
        """``count`` bytes are missing here (-1: another connection begins)."""
        if self._begun or _OPENING.match(self.held):
            missing = f"{count} bytes of this message were not captured" if count >= 0 else "the message has no end"
            self._skip(self._position, missing)
        elif self._sip and count > 0:
            self._skip(position, f"{count} bytes before this were not captured")
        self._renew()
        if count < 0:
            self.tls, self._sip = None, False
        else:
            self._in_step, self._passed = False, -1

    def finish(self) -> None:
        """No more is to come."""
        if self._begun or _OPENING.match(self.held):
            self._skip(self._position, f"the trace ends inside a message ({len(self.held)} bytes of it are there)")
        self._renew()

    def _emit(self, data: bytes, time: float, position: int) -> None:
        self._out.append(
            Record(
                time, Direction.UNKNOWN, self.source, self.destination, self._transport, data, True,
                self._file, position,
            )
        )  # fmt: skip

    def _skip(self, position: int, reason: str) -> None:
        self._out.append(Skipped(self._file, position, f"{reason} ({self.source} -> {self.destination})"))


def _find_again(data: bytes, start: int) -> int:
    """Where the next start line begins after something was lost; -1 when nowhere.

    The end of a body may stand on the same line: known methods are found behind it, others at the line's beginning.
    """
    line, tested = 0, start
    hit = data.find(b"SIP/2.0", start)
    while hit >= 0:
        line = data.rfind(b"\n", tested, hit) + 1 or line
        found = SURE_START.search(data, max(line, tested), hit + len("SIP/2.0 200 "))
        if found:
            return found.start()
        if line > tested and START.match(data, line):
            return line
        tested = hit + len("SIP/2.0")
        hit = data.find(b"SIP/2.0", tested)
    return -1


def _begins(data: bytes, start: int) -> bool:
    """Whether a packet that begins there begins with a start line, and not with the rest of one."""
    method = _METHOD.match(data, start) if START.match(data, start) else None
    return method is not None and method[1] not in _TORN


def find_start(data: bytes, start: int = 0) -> int:
    """Where the next start line begins, -1 when nowhere."""
    line, passed, tested = start, start, -1
    hit = data.find(b"SIP/", start)
    while hit >= 0:
        line = data.rfind(b"\n", passed, hit) + 1 or line
        if line != tested and START.match(data, line):
            return line
        tested, passed = line, hit + len("SIP/")
        hit = data.find(b"SIP/", passed)
    return -1


def content_length(data: bytes, start: int, end: int) -> int | None:
    """What the header section ``data[start:end]`` (without the empty line) states."""
    place = data.find(_USUAL, start, end)
    if place >= 0:
        value = data[place + len(_USUAL) : data.find(b"\r", place, end)]
        if value.isdigit() and len(value) <= 10:
            return int(value)
    found = _LENGTH.search(data, start, end)
    return int(found[1]) if found else None
