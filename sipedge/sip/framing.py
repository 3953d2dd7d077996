"""Cutting a TCP or TLS byte stream into SIP messages by Content-Length (RFC 3261 18.3) and keep-alives (RFC 5626).

The framer owns one buffer while it holds bytes. The reader asks for the free end of it (``space``), has the kernel or
OpenSSL write there, and says how many bytes came (``received``); what is complete comes back as messages, keep-alives
and errors. A buffer without bytes goes to whichever framer needs the next one: most connections are quiet. Between two
calls ``_start`` is the first byte not yet consumed, ``_end`` the end of what came, and ``_searched`` how far the
search for the end of a header section has got, so a peer that trickles bytes does not have them searched again and
again. A message is parsed once, when its header section is complete; then the framer knows how long it is.

Two kinds of error: where one message ends and the next begins is still known (the message is reported and skipped),
or it is not (``fatal``; the stream says nothing more that could be trusted, RFC 3261 18.3).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from sipedge.native import library
from sipedge.settings import Limits

from .message import SHARED, TOKEN_CHARACTERS, HeaderIndex, Message
from .native import heads
from .native.heads import Heads
from .values import MessageError

CRLF = b"\r\n"
BUFFER = 16384
"""Bytes of a buffer: a TLS record, and more than nearly all messages."""
MINIMUM_SPACE = 4096
MOST_SPARE = 16
"""Buffers of that size kept while no framer needs them; in nearly every moment one is enough."""
MOST_SKIPPED = 16 * 1024 * 1024
"""Bytes of a message that are let go; one that is longer ends its connection."""

_LINE_BREAKS = re.compile(rb"[\r\n]*")
_CONTENT_LENGTH = re.compile(rb"\r\n(?:content-length|l)[ \t]*:([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)", re.IGNORECASE)
_NO_BUFFER = bytearray()
_NO_VIEW = memoryview(_NO_BUFFER)
_spare: list[bytearray] = []
_TLS_RECORD = re.compile(rb"[\x14-\x17]\x03[\x00-\x04]")


@dataclass(frozen=True, slots=True)
class KeepAlive:
    """``count`` times CRLF CRLF between messages: each wants one CRLF back (RFC 5626 3.5.1, 4.4.1)."""

    count: int


@dataclass(frozen=True, slots=True)
class FramingError:
    """A message that cannot be taken. ``line`` and ``column`` count from 1, 0 where nothing is known."""

    status: int
    """What a request gets: 400, 505 or 513."""
    reason: str
    head: bytes | None = None
    """The header section with its empty line; only its first lines where it is too long; None when too little came."""
    fatal: bool = False
    """True: the connection must be closed."""
    header: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """The reason and where."""
        place = ", ".join(f"{what} {at}" for what, at in (("line", self.line), ("column", self.column)) if at)
        return f"{self.reason} ({place})" if place else self.reason


Frame = Message | KeepAlive | FramingError
Take = Callable[[bytearray, int, int, int], int]
"""Buffer, the first byte, how far an empty line was looked for, the end: the first byte that is left."""


@lru_cache(maxsize=2)
def _heads(switched_off: bool) -> Heads | None:
    """The part in C, if it can be used; without it all is read here."""
    try:
        found = heads.load()
    except library.Unusable:
        return None
    found.begin(Message, SHARED)
    return found


class Framer:
    """One direction of one connection."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        """A reload sets others: they hold for what is read from then on."""
        self._buffer = _NO_BUFFER
        self._view = _NO_VIEW
        self._start = self._end = self._searched = 0
        self._breaks = 0
        self._skipping = 0
        """Bytes of a message that is too long which are still to come: they are let go as they arrive."""
        self._message: Message | FramingError | None = None
        self._index: HeaderIndex | None = None
        """Of the message before: the headers of the next one are likely to be the same."""
        self._length = 0
        self._heads = _heads(library.is_switched_off())
        self.take: Take | None = None
        """Takes whole messages that need nobody else off the front of what came."""
        self.failed = False
        """A fatal error was reported: nothing more is read."""

    @property
    def is_native(self) -> bool:
        """Whether usual messages are read in C."""
        return self._heads is not None

    @property
    def partial(self) -> bool:
        """Whether a message has begun and is not complete."""
        return self._end > self._start or self._skipping > 0

    def space(self) -> memoryview:
        """Where to write the next bytes; at least MINIMUM_SPACE long."""
        if len(self._buffer) - self._end < MINIMUM_SPACE:
            self._make_room()
        return self._view[self._end :]

    def received(self, count: int, is_first: bool = True) -> list[Frame]:
        """``count`` bytes were written to ``space()``: what is complete now, in order.

        ``is_first``: nobody waits for what came before, so that it can be overtaken by nothing.
        """
        self._end += count
        if is_first and self.take is not None and self._message is None and not self._skipping:
            start = self.take(self._buffer, self._start, self._searched, self._end)
            if start > self._start:
                self._breaks = 0
                self._start = self._searched = start
        frames: list[Frame] = []
        while not self.failed and (frame := self._next()) is not None:
            frames.append(frame)
            self.failed = type(frame) is FramingError and frame.fatal
        if self._start == self._end or self.failed:
            self._empty()
        return frames

    def feed(self, data: bytes) -> list[Frame]:
        """``received`` for bytes that lie elsewhere."""
        frames: list[Frame] = []
        rest = memoryview(data)
        while rest and not self.failed:
            space = self.space()
            count = min(len(space), len(rest))
            space[:count] = rest[:count]
            frames += self.received(count)
            rest = rest[count:]
        return frames

    def _next(self) -> Frame | None:
        if self._message is None:
            if self._skipping:
                self._skip()
            if self._start == self._end:
                return None
            if (message := self._usual()) is not None:
                return message
            first = self._buffer[self._start]
            if first not in TOKEN_CHARACTERS:  # what a method or "SIP/2.0" begins with
                return self._between_messages(first)
            self._breaks = 0
            if (error := self._read_head()) is not None or self._message is None:
                return error
        return self._take_message()

    def _usual(self) -> Message | None:
        """A whole message in the usual form, which is nearly every one, read in C."""
        if self._heads is None:
            return None
        limits = self.limits
        message: Message | None = self._heads.read(
            self._buffer,
            self._start,
            self._searched,
            self._end,
            limits.header_section,
            limits.headers,
            limits.header_line,
            limits.message,
        )
        if message is not None:
            self._breaks = 0
            self._start = self._searched = self._start + len(message.head) + len(message.body)
        return message

    def _between_messages(self, first: int) -> Frame | None:
        """CRLFs in front of a start line mean nothing (RFC 3261 7.5), two in a row are a keep-alive.

        A lone CR or LF means nothing either: it is what remains of a body whose sender counted CRLF as one byte, and it
        can be no part of a message. Behind the start line a lone one is refused as ever.
        """
        match = _LINE_BREAKS.match(self._buffer, self._start, self._end)
        end = match.end() if match else self._start
        if end == self._end and end > self._start and self._buffer[end - 1] == 0x0D:
            end -= 1  # its LF may follow
        if end == self._start:
            return None if first == 0x0D else self._garbage()
        parts = (CRLF * self._breaks + self._buffer[self._start : end]).split(CRLF + CRLF)
        self._breaks = int(parts[-1].endswith(CRLF))
        self._start = self._searched = end
        return KeepAlive(len(parts) - 1) if len(parts) > 1 else self._next()

    def _garbage(self) -> FramingError | None:
        opening = bytes(self._buffer[self._start : min(self._end, self._start + 3)])
        if _TLS_RECORD.match(opening + b"\0\x03\x01"[len(opening) :]):
            if len(opening) < 3:
                return None
            return FramingError(400, "the peer speaks TLS on a connection without TLS", fatal=True)
        return FramingError(400, f"no message begins with the byte 0x{opening[0]:02x}", fatal=True)

    def _read_head(self) -> FramingError | None:
        """Look for the end of the header section; when it is there, parse it and set message and length."""
        end = self._buffer.find(b"\r\n\r\n", self._searched, self._end)
        size = (end + 4 if end >= 0 else self._end) - self._start
        if size > self.limits.header_section:
            reason = f"the header section is longer than {self.limits.header_section} bytes"
            return FramingError(513, reason, self._first_lines(), fatal=True)
        if end < 0:
            self._searched = max(self._start, self._end - 3)
            return None
        head = self._view[self._start : end + 4].tobytes()
        message = self._parse(head)
        length = _stated_length(message, head)
        if isinstance(length, FramingError):
            return length
        if size + length > self.limits.message:
            reason = f"the message is longer than {self.limits.message} bytes"
            if length > MOST_SKIPPED:
                return FramingError(513, reason, head, fatal=True)
            # Where it ends is known: it costs its sender this message, and the others on this connection nothing.
            self._start = self._searched = end + 4
            self._skipping = length
            return FramingError(513, reason, head)
        self._message = message
        self._length = size + length
        return None

    def _first_lines(self) -> bytes | None:
        """What is whole of a header section whose end is not waited for: enough for an answer, as a rule."""
        last = self._buffer.rfind(CRLF, self._start, self._start + self.limits.header_section)
        return bytes(self._view[self._start : last]) + 2 * CRLF if last >= 0 else None

    def _parse(self, head: bytes) -> Message | FramingError:
        try:
            message = Message(head, b"", self._index)
        except MessageError as error:
            return FramingError(error.status, error.reason, head, False, error.header, error.line, error.column)
        self._index, limits = message.index, self.limits
        if len(message.lines) > limits.headers + 1:
            return FramingError(513, f"there are more than {limits.headers} header lines", head)
        if len(head) > limits.header_line:
            for number, line in enumerate(message.lines, 1):
                if len(line) > limits.header_line:
                    return FramingError(513, f"a line is longer than {limits.header_line} bytes", head, line=number)
        return message

    def _skip(self) -> None:
        count = min(self._skipping, self._end - self._start)
        self._skipping -= count
        self._start = self._searched = self._start + count

    def _take_message(self) -> Frame | None:
        end = self._start + self._length
        if end > self._end:
            return None
        message = self._message
        if type(message) is Message and self._length > len(message.head):
            message.body = self._view[self._start + len(message.head) : end].tobytes()
        self._message = None
        self._start = self._searched = end
        return message

    def _empty(self) -> None:
        self._start = self._end = self._searched = 0
        self._exchange(_NO_BUFFER)

    def _make_room(self) -> None:
        """Move what is left to the front, or to a larger buffer when a large message is coming."""
        held = self._end - self._start
        size = len(self._buffer) or BUFFER
        wanted = max(held, self._length if self._message is not None else 0) + MINIMUM_SPACE
        while size < wanted:
            size *= 2
        self._move(size)

    def _move(self, size: int) -> None:
        held = self._end - self._start
        if size == len(self._buffer):
            self._view[:held] = self._view[self._start : self._end]
        else:
            buffer = _spare.pop() if size == BUFFER and _spare else bytearray(size)
            buffer[:held] = self._view[self._start : self._end]
            self._exchange(buffer)
        self._searched -= self._start
        self._start, self._end = 0, held

    def _exchange(self, buffer: bytearray) -> None:
        if len(self._buffer) == BUFFER and len(_spare) < MOST_SPARE:
            _spare.append(self._buffer)
        self._buffer, self._view = buffer, memoryview(buffer)


def stated_length(message: Message) -> int:
    """Content-Length of a message on a stream, where it is mandatory (RFC 3261 18.3, 20.14). Raises MessageError."""
    length = message.content_length
    if length is None:
        raise MessageError("there is no Content-Length", header="Content-Length")
    return length


def _stated_length(message: Message | FramingError, head: bytes) -> int | FramingError:
    """Content-Length; a fatal error where there is none (mandatory on a stream, RFC 3261 20.14) or no sound one."""
    if type(message) is Message:
        try:
            return stated_length(message)
        except MessageError as error:
            line = message.index.get("content-length", (-1,))[0] + 1
            return FramingError(error.status, error.reason, head, True, error.header, line)
    assert isinstance(message, FramingError)
    values = {value.strip() for value in _CONTENT_LENGTH.findall(head)}
    value = values.pop() if len(values) == 1 else b""
    # A lone CR or LF ends a line for one parser and not for another: then no length is sound.
    sound = head.count(b"\r") == head.count(b"\n") == head.count(CRLF)
    if not sound or not value.isdigit() or len(value) > 10:
        return FramingError(message.status, message.reason, head, True, message.header, message.line, message.column)
    return int(value)
