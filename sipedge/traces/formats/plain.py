"""Messages without a frame: a file with one as it was on the wire, or several, or text copied from somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from sipedge.traces.records.rebuild import START_OF_LINE, is_message, is_torn, rebuilt, split, transport_of
from sipedge.traces.records.record import Direction, Item, Record, Skipped
from sipedge.traces.records.source import ByteStream, Rejoined
from sipedge.traces.records.text import LARGEST_RECORD, Block, as_text, read_records
from sipedge.traces.records.wire import START

_OTHER_LINE = re.compile(rb"\n(?=\d{1,8}[-/:.]\d{2}|\[\d|TL_[A-Z]+|tvcs: |#|-{20})")
"""Lines of some log around a message."""
_NEXT = re.compile(rb"\n")
_UNSURE, _SURE = 10, 30


def detect(head: bytes) -> int:
    text = as_text(head)
    if START.match(text.lstrip()):
        return _SURE
    return _UNSURE if START_OF_LINE.search(text) else 0


def read(stream: ByteStream, file: str) -> Iterator[Item]:
    head = stream.read(LARGEST_RECORD)
    again = Rejoined(head, stream)
    if START.match(head.lstrip()) and b"\r\n\r\n" in head:
        return _messages(again, file)
    return read_records(again, file, _never, _NEXT, _one, loose)


def loose(block: Block) -> Iterator[Item]:
    """Messages in text: each from a start line at the beginning of a line to the next one."""
    if b"SIP/2.0" not in block.text:
        return
    first = 0 if block.begins_line else block.text.find(b"\n") + 1 or len(block.text)
    starts = [match.start() for match in START_OF_LINE.finditer(block.text, first)]
    for start, following in pairwise([*starts, len(block.text)]):
        line = _OTHER_LINE.search(block.text, start, following)
        data = rebuilt(block.text[start : line.start() if line else following])
        if data is not None and is_message(data):
            yield _record(block, start, data, False)


def _messages(stream: ByteStream, file: str) -> Iterator[Item]:
    """One behind the other, cut by Content-Length."""
    base, data, at_end, within_line = 0, b"", False, False
    while not at_end:
        more = stream.read(LARGEST_RECORD)
        data += more
        at_end = not more
        place = 0
        if within_line:
            line = data.find(b"\n") + 1
            within_line = not line
            base, data = base + (line or len(data)), data[line or len(data) :]
        for piece in split(data, not at_end):
            place = data.index(piece, place)
            yield from _one(Block(file, base + place, piece))
            place += len(piece)
        if len(data) - place > 2 * LARGEST_RECORD:
            yield Skipped(file, base + place, f"a message is longer than {LARGEST_RECORD} bytes")
            place, within_line = len(data), not data.endswith(b"\n")
        base, data = base + place, data[place:]


def _one(block: Block) -> Iterator[Item]:
    """Exact when it has CRLF everywhere in its head."""
    data = block.text
    if is_torn(data):
        yield Skipped(block.file, block.position, "the beginning of this message is lost")
        return
    head = data.find(b"\r\n\r\n")
    exact = head >= 0 and data.count(b"\n", 0, head + 4) == data.count(b"\r\n", 0, head + 4)
    whole = data if exact else rebuilt(data)
    if whole is not None:
        yield _record(block, 0, whole, exact)


def _record(block: Block, place: int, data: bytes, exact: bool) -> Record:
    return Record(
        None, Direction.UNKNOWN, None, None, transport_of(data), data, exact, block.file, block.position + place
    )


def _never(_: bytes, __: int) -> None:
    """Everything is between records."""
