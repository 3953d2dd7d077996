"""UccApiLog of Lync and Skype for Business clients: what was sent and received, already decrypted.

A record opens with ``Sending Packet`` or ``Data Received``, addresses and a byte count, and closes with ``End of ...``;
the line after the opening carries the log's prefix too, all others none. One record may hold several messages. Files
are UTF-8, with or without mark, or UTF-16.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sipedge.traces.records.clock import moment
from sipedge.traces.records.cutter import Cutter
from sipedge.traces.records.places import endpoint
from sipedge.traces.records.rebuild import START_OF_LINE, rebuilt, split
from sipedge.traces.records.record import Direction, Endpoint, Item, Record, Skipped
from sipedge.traces.records.source import ByteStream
from sipedge.traces.records.text import Block, as_text, opening, read_records
from sipedge.traces.records.wire import find_start

from .plain import loose

_PREFIX = rb"\d\d?/\d\d?/\d{4}\|\d\d?:\d\d:\d\d(?:[.:,]\d+)? [0-9A-Fa-f]+:[0-9A-Fa-f]+ [A-Z]+ *:: "
_OPENING = re.compile(
    _PREFIX + rb"(Sending Packet|Data Received) ?- ?(\S+) \((From|To) Local Address: ?(\S+?)\) (\d+) bytes:?[ \t]*\r?\n"
)
_BOUNDARY = re.compile(rb"(?<=\n)" + _PREFIX + rb"(?:End of |Sending Packet|Data Received)")
_ANY_PREFIX = re.compile(rb"^" + _PREFIX, re.MULTILINE)

_UNKNOWN = Endpoint("?")
_MAX_STREAMS = 256


def detect(head: bytes) -> int:
    text = as_text(head)
    return 96 if _OPENING.search(text) else 60 if _ANY_PREFIX.match(text) else 0


def read(stream: ByteStream, file: str) -> Iterator[Item]:
    packets = _Packets()
    yield from read_records(stream, file, opening(_OPENING), _BOUNDARY, packets.parse, loose)
    yield from packets.finish()


class _Packets:
    """The packets of one side are a stream: a message may take several of them."""

    def __init__(self) -> None:
        self._out: list[Item] = []
        self._streams: dict[tuple[Endpoint, Endpoint], Cutter] = {}

    def parse(self, block: Block) -> Iterator[Item]:
        match = _OPENING.match(block.text)
        assert match is not None
        data = _ANY_PREFIX.sub(b"", block.text[match.end() :])
        if not data.strip():
            return
        direction = Direction.SENT if match[1] == b"Sending Packet" else Direction.RECEIVED
        ends = endpoint(match[4]) or _UNKNOWN, endpoint(match[2]) or _UNKNOWN
        source, destination = ends if direction is Direction.SENT else ends[::-1]
        time = moment(block.text)
        exact = _as_it_was(data, int(match[5]))
        if exact is not None:
            yield from self._exact(block, exact, time or 0.0, direction, source, destination)
            return
        cutter = self._streams.get((source, destination))
        if cutter is not None and cutter.in_message:
            cutter.lose(None, block.position)
            yield from self._taken(direction)
            return
        for message in _rebuilt(data):
            yield Record(time, direction, source, destination, "tls", message, False, block.file, block.position)
        if find_start(data) < 0:
            yield Skipped(block.file, block.position, "a packet without a start line")

    def _exact(
        self, block: Block, data: bytes, time: float, direction: Direction, source: Endpoint, destination: Endpoint
    ) -> Iterator[Item]:
        cutter = self._streams.get((source, destination))
        if cutter is None:
            if len(self._streams) >= _MAX_STREAMS:
                yield from self.finish()
            cutter = self._streams[source, destination] = Cutter(self._out, block.file, source, destination, "tls")
            if not START_OF_LINE.match(data.lstrip(b"\r\n")):
                cutter.join()
        if not cutter.in_message and b"SIP/2.0" not in data:
            yield Skipped(block.file, block.position, "a packet without a start line")
            cutter.join()
            return
        cutter.feed(data, time, block.position)
        yield from self._taken(direction)

    def _taken(self, direction: Direction) -> Iterator[Item]:
        """The items that the cutters found."""
        for item in self._out:
            yield item._replace(direction=direction) if isinstance(item, Record) else item
        self._out.clear()

    def finish(self) -> Iterator[Item]:
        for cutter in self._streams.values():
            cutter.finish()
        self._streams.clear()
        yield from self._out
        self._out.clear()


def _as_it_was(data: bytes, count: int) -> bytes | None:
    """The bytes of the packet when there are as many as the log says; it adds a line end behind them."""
    if b"\r\n" not in data:
        return None
    return next((form for form in (data.removesuffix(b"\r\n"), data) if len(form) == count), None)


def _rebuilt(data: bytes) -> Iterator[bytes]:
    text = data if b"\r\n" in data else data.replace(b"\n", b"\r\n")
    for piece in split(text):
        whole = rebuilt(piece)
        if whole is not None:
            yield whole
