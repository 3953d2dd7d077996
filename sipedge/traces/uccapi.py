"""UccApiLog of Lync and Skype for Business clients: what was sent and received, already decrypted.

A record opens with ``Sending Packet`` or ``Data Received``, addresses and a byte count, and closes with ``End of ...``;
the line after the opening carries the log's prefix too, all others none. One record may hold several messages. Files
are UTF-8, with or without mark, or UTF-16.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .clock import moment
from .cutter import find_start
from .places import endpoint
from .plain import loose
from .rebuild import rebuilt, split
from .record import Direction, Item, Record, Skipped
from .source import ByteStream
from .text import Block, as_text, opening, read_records

_PREFIX = rb"\d\d?/\d\d?/\d{4}\|\d\d?:\d\d:\d\d(?:[.:,]\d+)? [0-9A-Fa-f]+:[0-9A-Fa-f]+ [A-Z]+ *:: "
_OPENING = re.compile(
    _PREFIX + rb"(Sending Packet|Data Received) ?- ?(\S+) \((From|To) Local Address: ?(\S+?)\) (\d+) bytes:?[ \t]*\r?\n"
)
_BOUNDARY = re.compile(rb"(?<=\n)" + _PREFIX + rb"(?:End of |Sending Packet|Data Received)")
_ANY_PREFIX = re.compile(rb"^" + _PREFIX, re.MULTILINE)


def detect(head: bytes) -> int:
    text = as_text(head)
    return 96 if _OPENING.search(text) else 60 if _ANY_PREFIX.match(text) else 0


def read(stream: ByteStream, file: str) -> Iterator[Item]:
    return read_records(stream, file, opening(_OPENING), _BOUNDARY, _parse, loose)


def _parse(block: Block) -> Iterator[Item]:
    found = _OPENING.match(block.text)
    assert found is not None
    kind, peer_text, _, local_text, count = found.groups()
    data = _ANY_PREFIX.sub(b"", block.text[found.end() :])
    if not data.strip():
        return
    sent = kind == b"Sending Packet"
    peer, local = endpoint(peer_text), endpoint(local_text)
    source, destination = (local, peer) if sent else (peer, local)
    direction = Direction.SENT if sent else Direction.RECEIVED
    time = moment(block.text)
    messages = list(_messages(data, int(count)))
    if not messages and find_start(data) < 0:
        yield Skipped(block.file, block.position, "a packet without a start line")
    for message, exact in messages:
        yield Record(time, direction, source, destination, "tls", message, exact, block.file, block.position)


def _messages(data: bytes, count: int) -> Iterator[tuple[bytes, bool]]:
    """The log adds a line end behind the packet; where the rest is as long as it says, these are the bytes."""
    if b"\r\n" not in data:
        data = data.replace(b"\n", b"\r\n")
        as_it_was = False
    else:
        as_it_was = len(data.removesuffix(b"\r\n")) == count or len(data) == count
    data = data if len(data) == count else data.removesuffix(b"\r\n")
    if as_it_was:
        for piece in split(data):
            yield piece, True
        return
    for piece in split(data):
        whole = rebuilt(piece)
        if whole is not None:
            yield whole, False
