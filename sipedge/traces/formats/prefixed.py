"""Messages whose lines have something in front of them: logcat, journald, Cisco Meeting Server's SIP trace in syslog,
line numbers, the indentation of a console, the ``> `` of a mail.

The second line of a message, which is a header field, shows what stands in front: all that follows with the same in
front is of the message. Digits may differ, they count lines or time. The start line itself may have more in front of
it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sipedge.traces.records.clock import DayClock, time_of_day
from sipedge.traces.records.rebuild import HEADER_NAMES, START_OF_LINE, is_message, rebuilt, transport_of
from sipedge.traces.records.record import Item, Record, Skipped
from sipedge.traces.records.source import ByteStream
from sipedge.traces.records.text import LARGEST_RECORD, as_text, numbered_lines

from .announced import Announcement, announced
from .syslog import time_of_prefix

_START = re.compile(
    rb"(?<![A-Za-z0-9\-.!%*_+`'~])(?:[A-Z]{3,32} sips?:[^ \r\n]+ SIP/2\.0(?=[ \t\r]*$)|SIP/2\.0 [1-6]\d\d(?= ))"
)
_FIELD = re.compile(rb"(?<![A-Za-z0-9\-.!%*_+`'~])(?:" + HEADER_NAMES + rb"|[viftml])[ \t]*:", re.IGNORECASE)
_PLAIN_FIELD = re.compile(rb"[A-Za-z][A-Za-z0-9-]*[ \t]*:")
_COUNTED = re.compile(rb"[ \t]*\d+")
_LONGEST_PREFIX = 512
_LONGEST_LINE = 1 << 16
_ABOVE = 3
"""Lines above a start line that may say where the message came from."""


def detect(head: bytes) -> int:
    """More than plain's: what it takes for a method may be the time in front of one."""
    text = as_text(head)
    start = START_OF_LINE.search(text)
    lines = numbered_lines(_Text(text[: start.start()] if start else text), _LONGEST_LINE)
    return 32 if any(isinstance(item, Record) for item in _items(lines, "")) else 0


def read(stream: ByteStream, file: str) -> Iterator[Item]:
    return _items(numbered_lines(stream, _LONGEST_LINE), file)


class _Text:
    """A text as a stream."""

    def __init__(self, text: bytes) -> None:
        self._text = text

    def read(self, size: int, /) -> bytes:
        part, self._text = self._text[:size], self._text[size:]
        return part


def _items(lines: Iterator[tuple[int, bytes]], file: str) -> Iterator[Item]:
    clock, above = DayClock(), [b""] * _ABOVE
    message: _Message | None = None
    for position, line in lines:
        line = line.rstrip(b"\r")
        if message is not None:
            if message.takes(line):
                continue
            yield from message.items()
            message = None
        start = _START.search(line[:_LONGEST_LINE])
        if start is not None and start.start() <= _LONGEST_PREFIX:
            message = _Message(file, position, line, start.start(), announced(above), clock)
        above = [*above[1:], line]
    if message is not None:
        yield from message.items()


class _Message:
    """Takes its lines one by one."""

    def __init__(self, file: str, position: int, line: bytes, begin: int, said: Announcement, clock: DayClock) -> None:
        self._file, self._position, self._said, self._clock = file, position, said, clock
        self._front, self._lines, self._size = line[:begin], [line[begin:]], len(line)
        self._prefix: re.Pattern[bytes] | None = None
        """Of all lines but the first."""

    def takes(self, line: bytes) -> bool:
        """False: the line is no part of this message."""
        if self._prefix is None:
            self._prefix = _prefix_of(line, self._front)
            if self._prefix is None:
                return False
        match = self._prefix.match(line)
        if match is None or self._size > LARGEST_RECORD:
            return False
        rest = line[match.end() :]
        if _START.match(rest) or announced([rest]).peer is not None:
            return False
        self._lines.append(rest)
        self._size += len(line)
        return True

    def items(self) -> Iterator[Item]:
        """Nothing for words that only quote a start line."""
        if self._prefix is None:
            return
        if self._size > LARGEST_RECORD:
            yield Skipped(self._file, self._position, f"a message is longer than {LARGEST_RECORD} bytes")
            return
        data = rebuilt(b"\n".join(self._lines) + b"\n")
        if data is not None and is_message(data):
            said = self._said
            source, destination = said.ends
            yield Record(
                self._time(), said.direction, source, destination, said.transport or transport_of(data), data, False,
                self._file, self._position,
            )  # fmt: skip

    def _time(self) -> float | None:
        for text in (self._front, self._said.line):
            if (time := time_of_prefix(text)) is not None:
                return time
        time = time_of_day(self._said.line)
        return None if time is None else self._clock.at(time)


def _prefix_of(line: bytes, front: bytes) -> re.Pattern[bytes] | None:
    """``line``: the second one of a message. None where it is no header field with something in front."""
    same = _pattern(front)
    if front and (match := same.match(line)) and _PLAIN_FIELD.match(line, match.end()):
        return same
    field = _FIELD.search(line, 0, _LONGEST_PREFIX)
    return _pattern(line[: field.start()]) if field and field.start() else None


def _pattern(front: bytes) -> re.Pattern[bytes]:
    """Lines with this in front; of an empty line the blanks at the end may be gone."""
    words = front.rstrip(b" \t")
    parts, last = [], 0
    for match in _COUNTED.finditer(words):
        parts += [re.escape(words[last : match.start()]), rb"[ \t]*\d+"]
        last = match.end()
    parts.append(re.escape(words[last:]))
    return re.compile(b"".join(parts) + rb"(?:" + re.escape(front[len(words) :]) + rb"|[ \t]*\Z)")
