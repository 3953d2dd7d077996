"""Output of ngrep -W byline: a line for each packet, then its payload with a dot for every byte that is not printable.

The dot at the end of a line was CR. Which other dots were something else is not known, so nothing is exact. A message
in several TCP packets is put together from the packets that follow in the same direction.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sipedge.traces.records.clock import moment
from sipedge.traces.records.places import endpoint_of
from sipedge.traces.records.rebuild import rebuilt
from sipedge.traces.records.record import Direction, Item, Record, Skipped
from sipedge.traces.records.source import ByteStream
from sipedge.traces.records.text import Block, as_text, opening, read_records
from sipedge.traces.records.wire import content_length

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
    """Puts messages together; ``_unfinished`` holds what waits for the rest, by direction."""

    def __init__(self) -> None:
        self._unfinished: dict[_Direction, Record] = {}

    def parse(self, block: Block) -> Iterator[Item]:
        found = _OPENING.match(block.text)
        assert found is not None
        key = (found["source"], found["from"], found["destination"], found["to"])
        text = block.text[found.end() :].replace(b"\r\n", b"\n")
        text = _DOT.sub(b"", text)
        known = self._unfinished.pop(key, None)
        if known is not None:
            joined = known.data + text
            if len(joined) < _MAX_PIECES and rebuilt(text) is None:
                yield from self._whole_or_wait(key, known._replace(data=joined))
                return
            yield Skipped(known.file, known.position, "the rest of this message is missing")
        if rebuilt(text) is None:
            return
        record = Record(
            moment(found["time"]) if found["time"] else None,
            Direction.UNKNOWN,
            endpoint_of(*key[:2]),
            endpoint_of(*key[2:]),
            "tcp" if found["kind"] == b"T" else "udp",
            text,
            False,
            block.file,
            block.position,
        )
        yield from self._whole_or_wait(key, record)

    def _whole_or_wait(self, key: _Direction, record: Record) -> Iterator[Item]:
        """``record.data`` is still the log's text here."""
        data = rebuilt(record.data)
        assert data is not None
        if record.transport == "tcp" and _lacks(record.data):
            if len(self._unfinished) >= _MAX_UNFINISHED:
                yield from self.finish()
            self._unfinished[key] = record
            return
        yield record._replace(data=data)

    def finish(self) -> Iterator[Item]:
        for record in self._unfinished.values():
            yield Skipped(record.file, record.position, "the rest of this message is missing")
        self._unfinished.clear()


def _lacks(text: bytes) -> bool:
    head, empty_line, body = text.partition(b"\n\n")
    if not empty_line:
        return True
    length = content_length(head.replace(b"\n", b"\r\n") + b"\r\n", 0, len(head) + head.count(b"\n") + 2)
    return length is not None and len(body) + body.count(b"\n") + 2 < length
