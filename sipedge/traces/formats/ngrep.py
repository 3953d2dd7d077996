"""Output of ngrep -W byline: a line for each packet, then its payload with a dot for every byte that is not printable.

The dot at the end of a line was CR. Which other dots were something else is not known, so nothing is exact. A message
in several TCP packets is put together from the packets that follow in the same direction.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sipedge.traces.records.clock import moment
from sipedge.traces.records.places import endpoint_of
from sipedge.traces.records.rebuild import START_OF_LINE, rebuilt
from sipedge.traces.records.record import Direction, Item, Record, Skipped
from sipedge.traces.records.recovery import find_message
from sipedge.traces.records.source import ByteStream
from sipedge.traces.records.text import Block, as_text, opening, read_records
from sipedge.traces.records.wire import EMPTY_LINE, content_length

from .plain import loose

_LINE = (
    rb"(?P<kind>[TU])(?:\([0-9]+\))? (?:(?P<time>\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d+|[+-]\d+\.\d+) )?"
    rb"(?P<source>\S{2,64}):(?P<from>\d{1,5}) -> (?P<destination>\S{2,64}):(?P<to>\d{1,5})"
    rb"(?: \[[A-Z]*\])?(?: #\d+)?[ \t]*\r?\n"
)
_OPENING = re.compile(rb"^" + _LINE, re.MULTILINE)
_BOUNDARY = re.compile(rb"\n#*\n?(?=" + _LINE + rb")|\n(?=#+\n|exit\n|\d+ received, \d+ )")
_DOT = re.compile(rb"\.\r?$", re.MULTILINE)
_Direction = tuple[bytes, bytes, bytes, bytes]
_MAX_UNFINISHED = 256
_MAX_PIECES = 1 << 18


def detect(head: bytes) -> int:
    return 86 if _OPENING.search(as_text(head)) else 0


def read(stream: ByteStream, file: str) -> Iterator[Item]:
    packets = _Packets()
    yield from read_records(stream, file, opening(_OPENING), _BOUNDARY, packets.parse, loose)
    yield from packets.finish()


class _Packets:
    """Puts messages together; ``_unfinished`` holds the text of what waits for the rest, by direction."""

    def __init__(self) -> None:
        self._unfinished: dict[_Direction, Record] = {}

    def parse(self, block: Block) -> Iterator[Item]:
        match = _OPENING.match(block.text)
        assert match is not None
        key = (match["source"], match["from"], match["destination"], match["to"])
        packet = Record(
            moment(match["time"]) if match["time"] else None,
            Direction.UNKNOWN,
            endpoint_of(*key[:2]),
            endpoint_of(*key[2:]),
            "tcp" if match["kind"] == b"T" else "udp",
            _DOT.sub(b"", block.text[match.end() :].replace(b"\r\n", b"\n")),
            False,
            block.file,
            block.position,
        )
        if packet.transport == "tcp":
            yield from self._segment(key, packet)
        elif (data := rebuilt(packet.data)) is not None:
            yield packet._replace(data=data)

    def _segment(self, key: _Direction, packet: Record) -> Iterator[Item]:
        """Messages that end in the packet come out; the beginning of another one waits for the rest."""
        waiting = self._unfinished.pop(key, None)
        if waiting is not None and (START_OF_LINE.match(packet.data) or len(waiting.data) > _MAX_PIECES):
            yield _without_rest(waiting)
            waiting = None
        before = b"" if waiting is None else waiting.data
        text = (before + packet.data).replace(b"\n", b"\r\n")
        begin = 0 if START_OF_LINE.match(text) else find_message(text, 0).begin
        while begin >= 0:
            head = text.find(EMPTY_LINE, begin)
            following = find_message(text, head + len(EMPTY_LINE)).begin if head >= 0 else -1
            piece = text[begin : following if following >= 0 else len(text)].replace(b"\r\n", b"\n")
            record = (packet if waiting is None or begin else waiting)._replace(data=piece)
            data = None if _is_too_short(piece) or _is_too_long(piece) else rebuilt(piece)
            if data is not None:
                yield record._replace(data=data)
            elif following >= 0:
                yield _without_rest(record)
            else:
                yield from self._wait(key, record)
            begin = following

    def _wait(self, key: _Direction, record: Record) -> Iterator[Item]:
        if len(self._unfinished) >= _MAX_UNFINISHED:
            yield from self.finish()
        self._unfinished[key] = record

    def finish(self) -> Iterator[Item]:
        for record in self._unfinished.values():
            yield _without_rest(record)
        self._unfinished.clear()


def _without_rest(record: Record) -> Skipped:
    return Skipped(record.file, record.position, "the rest of this message is missing")


def _is_too_short(text: bytes) -> bool:
    """Whether it is shorter than its Content-Length says, even if every line of its body ended with CRLF."""
    head, empty_line, body = text.partition(b"\n\n")
    length = _length(head)
    return not empty_line or (length is not None and len(body) + body.count(b"\n") + 2 < length)


def _is_too_long(text: bytes) -> bool:
    """Whether its body is longer than its Content-Length says, even with LF alone: the next message begins in it, or
    packets are missing."""
    head, _, body = text.partition(b"\n\n")
    length = _length(head)
    return length is not None and len(body.rstrip(b"\n")) > length


def _length(head: bytes) -> int | None:
    lines = head.replace(b"\n", b"\r\n") + b"\r\n"
    return content_length(lines, 0, len(lines))
