"""Message log of SIPp (-trace_msg): a dashed line with the time, what was sent or received, an empty line, the message.

The log has no addresses. Where the message is as long as the log says, it is as it was on the wire.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sipedge.traces.records.clock import moment
from sipedge.traces.records.rebuild import rebuilt, split
from sipedge.traces.records.record import Direction, Item, Record, Skipped, transport_named
from sipedge.traces.records.source import ByteStream
from sipedge.traces.records.text import Block, as_text, opening, read_records

from .plain import loose

_DASHES = rb"-{20,} ?[^\n]{0,100}\n"
_OPENING = re.compile(
    rb"^-{20,} ?(?P<time>[^\n]{0,100})\n(?P<transport>[A-Z]{2,4})6? ?(?:\w+ )?message (?P<what>sent|received)"
    rb"(?: ?[\[(]?(?P<size>\d{1,7})[\])]? ?bytes?\)?)? ?:?[^\n]{0,80}\n\r?\n?",
    re.MULTILINE,
)
_BOUNDARY = re.compile(rb"\n(?=" + _DASHES + rb")")
_EPOCH = re.compile(rb"\t(\d{9,10}\.\d{1,9})")


def detect(head: bytes) -> int:
    return 87 if _OPENING.search(as_text(head)) else 0


def read(stream: ByteStream, file: str) -> Iterator[Item]:
    return read_records(stream, file, opening(_OPENING), _BOUNDARY, _parse, loose)


def _parse(block: Block) -> Iterator[Item]:
    match = _OPENING.match(block.text)
    assert match is not None
    text = block.text[match.end() :]
    size = int(match["size"] or 0)
    exact = b"\r\n\r\n" in text and size <= len(text) and not text[size:].strip()
    data = text[:size] if exact and size else next(split(text), None) if b"\r\n\r\n" in text else rebuilt(text)
    if not data:
        if text.strip():
            yield Skipped(block.file, block.position, "there is no start line in this message")
        return
    yield Record(
        _time(match["time"]),
        Direction.SENT if match["what"] == b"sent" else Direction.RECEIVED,
        None,
        None,
        transport_named(match["transport"].decode()),
        data,
        exact and size > 0,
        block.file,
        block.position,
    )


def _time(text: bytes) -> float | None:
    """Some versions add the seconds since 1970 behind the local time: these need no time zone."""
    epoch = _EPOCH.search(text)
    return float(epoch[1]) if epoch else moment(text)
