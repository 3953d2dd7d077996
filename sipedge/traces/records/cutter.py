"""Cutting one direction of a recorded TCP or TLS stream into SIP messages (RFC 3261 18.3).

Unlike framing.py, which guards the edge and closes at the first doubt, the cutter goes on: it passes over bytes that it
cannot make out, up to the next message (recovery.py). Of a stream without any message (HTTP, LDAP ...) it says nothing.
"""

from __future__ import annotations

import re

from .record import Direction, Endpoint, Item, Record, Skipped, Transport
from .recovery import find_message
from .wire import EMPTY_LINE, LARGEST_HEAD, LARGEST_LINE, LARGEST_MESSAGE, START, content_length

_OPENING = re.compile(rb"[A-Z]{3,16} sips?:|SIP/2\.0")
"""As much of a start line as tells SIP from others."""
_TOKEN = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.!%*_+`'~")
_TLS_RECORD = re.compile(rb"[\x14-\x17]\x03[\x00-\x04]")
_CR, _LF = 13, 10


class Cutter:
    """``feed`` the bytes in order; messages and what is passed over are appended to ``out``."""

    __slots__ = (
        "_begun", "_endless", "_file", "_in_step", "_needed", "_out", "_passed", "_passed_position", "_position",
        "_rest", "_sip", "_time", "_transport", "destination", "held", "source", "tls", "tls_position",
    )  # fmt: skip

    def __init__(
        self, out: list[Item], file: str, source: Endpoint, destination: Endpoint, transport: Transport = "tcp"
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
        self._begun = False
        """The held bytes begin with a start line; out of step it may be a quoted one."""
        self._needed = 0
        """Length of the message that is held; 0 as long as it is not known."""
        self._in_step = True
        """The next byte begins a message. Else ``find_message`` looks for one."""
        self._endless = False
        """The message before has no Content-Length: what comes next may be its body."""
        self._rest = 0
        """Bytes to come that end a message of which others were lost."""
        self._passed = self._passed_position = 0
        """Bytes passed over that are not told yet; -1 when they are."""
        self._time, self._position = 0.0, 0
        """Of the first byte that is held."""

    @property
    def in_message(self) -> bool:
        """More bytes of a message are to come."""
        return bool(self.held or self._rest)

    @property
    def is_between_messages(self) -> bool:
        """In step, and nothing is held that the next bytes could belong to."""
        return self._in_step and not (self.held or self._rest or self._endless) and self.tls is None

    def take(self, message: bytes, time: float, position: int) -> None:
        """A whole message in the usual form, with its Content-Length, between messages: what ``feed`` would do."""
        self._time, self._position, self._sip = time, position, True
        fields = (
            time, Direction.UNKNOWN, self.source, self.destination, self._transport, message, True, self._file,
            position, "", None, None, None,
        )  # fmt: skip
        self._out.append(tuple.__new__(Record, fields))  # Record() would take three times as long

    def join(self) -> None:
        """The first bytes may be the middle of a message."""
        self._in_step = False

    def feed(self, data: bytes, time: float, position: int) -> None:
        if self.tls is not None:
            return
        if self._rest:
            data = self._without_rest(data)
        held = len(self.held)
        if held:
            if not self._complete(data):
                return
            data = bytes(self.held)
            self.held = bytearray()
        start, end = 0, len(data)
        while start < end:
            if data[start] == _CR or data[start] == _LF:
                start += 1
                continue
            if start >= held:
                self._time, self._position = time, position
            if self._in_step:
                following = self._message(data, start)
                if following < 0:
                    break
                if self._begun:
                    self._begun = False
                    self._emit(data[start:following])
                start = following
            else:
                start = self._find(data, start)
                if not self._in_step:
                    break
        if start < end:
            if start >= held:
                self._time, self._position = time, position
            self.held += data[start:]

    def _without_rest(self, data: bytes) -> bytes:
        passed = min(self._rest, len(data))
        self._rest -= passed
        return data[passed:]

    def _complete(self, data: bytes) -> bool:
        """Add to what is held; whether the message in it, or at least its length, can be known now."""
        held = self.held
        old = len(held)
        held += data
        if self._needed:
            return len(held) >= self._needed
        # Out of step all held bytes are looked through again and again: with twice the limit less often.
        limit = LARGEST_HEAD if self._in_step else 2 * LARGEST_HEAD
        return not self._begun or len(held) > limit or held.find(EMPTY_LINE, max(0, old - 3)) >= 0

    def _message(self, data: bytes, start: int) -> int:
        """The end of the message at ``start``, with ``_begun`` set; -1 when more bytes are needed.

        Where no message begins: the place to go on from, with ``_begun`` not set.
        """
        if not START.match(data, start) or (self._endless and not _OPENING.match(data, start)):
            return self._no_start(data, start)
        self._begun = self._sip = True
        head = data.find(EMPTY_LINE, start, start + LARGEST_HEAD)
        if head < 0:
            if len(data) - start <= LARGEST_HEAD:
                return -1
            return self._out_of_step(data, start, "a header section has no end")
        stated = content_length(data, start, head + 2)
        length = stated or 0
        end = head + 4 + length
        if end - start > LARGEST_MESSAGE:
            return self._out_of_step(data, start, f"Content-Length says {length} bytes")
        if end > len(data):
            self._needed = end - start
            return -1
        self._needed = 0
        self._endless = stated is None
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
        """The beginning of the next message, in step again. Where there is none: the first byte that has to be held."""
        if self._is_tls(data, start):
            return len(data)
        if not self._passed:
            self._passed_position = self._position
        begin, keep, self._begun = find_message(data, start)
        if begin < 0:
            if self._passed >= 0:
                self._passed += keep - start
            return keep
        if self._passed >= 0 and self._passed + begin - start:
            self._skip(self._passed_position, f"{self._passed + begin - start} bytes are no SIP message")
        self._in_step, self._begun, self._passed = True, False, 0
        return begin

    def lose(self, count: int | None, position: int) -> None:
        """``count`` bytes are missing here; None: nobody knows how many."""
        missing = "some bytes" if count is None else f"{count} bytes"
        if self._begun or _OPENING.match(self.held):
            self._skip(self._position, f"{missing} of this message were not captured")
        elif self._sip:
            self._skip(position, f"{missing} before this were not captured")
        known = self._rest or self._needed - len(self.held)
        self._renew()
        if count is not None and count <= known:  # all of one message, which ends where its Content-Length says
            self._rest = known - count
        else:
            self._in_step, self._passed = False, -1

    def restart(self, position: int, *, from_beginning: bool) -> None:
        """Another connection with the same addresses and ports begins, or is taken up in the middle."""
        if self._begun or _OPENING.match(self.held):
            self._skip(self._position, "the message has no end")
        self._renew()
        self.tls, self._sip, self._in_step = None, False, from_beginning

    def finish(self) -> None:
        """No more is to come."""
        if self._begun or _OPENING.match(self.held):
            self._skip(self._position, f"the trace ends inside a message ({len(self.held)} bytes of it are there)")
        self._renew()

    def _emit(self, data: bytes) -> None:
        self._out.append(
            Record(
                self._time, Direction.UNKNOWN, self.source, self.destination, self._transport, data, True,
                self._file, self._position,
            )
        )  # fmt: skip

    def _skip(self, position: int, reason: str) -> None:
        self._out.append(Skipped(self._file, position, f"{reason} ({self.source} -> {self.destination})"))
