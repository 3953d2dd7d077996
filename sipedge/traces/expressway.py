"""Cisco Expressway / VCS diagnostic log (X7 to X15): the messages of Module="network.sip" lines with SIPMSG.

A record is a line with time, addresses and, since X8, Action; then ``SIPMSG:``, then ``|`` and the message, each line
indented by one blank. Copies from web pages have blanks inside quotes, no indentation and joined lines. The log ends
its lines with LF alone, so every message is rebuilt.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .clock import moment
from .plain import loose
from .rebuild import rebuilt, transport_of
from .record import Direction, Endpoint, Item, Record, Skipped
from .source import ByteStream
from .text import Block, as_text, read_records

_MARK = b"SIPMSG:"
_LONGEST_HEADER = 4096
_STAMP = rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[^ ]* [^ ]+ [A-Za-z][\w./-]*(?:\[\d+\])?: "
_STAMPS = re.compile(_STAMP)
BOUNDARY = re.compile(
    rb"[\n ](?=" + _STAMP + rb")|\n(?=tvcs: |[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d |TL_[A-Z]+\(TF_|# |UTCTime=\")"
)
"""Where the next line of the log, or of another one pasted behind it, begins."""
_FIELD = re.compile(rb'(UTCTime|Action|Local-ip|Local-port|Src-ip|Src-port|Dst-ip|Dst-port) ?= ?"\s*([^"]{0,64}?)\s*"')
_INDENTED = re.compile(rb"^ ", re.MULTILINE)


def detect(head: bytes) -> int:
    text = as_text(head)
    if b"Module=" not in text or b"UTCTime=" not in text:
        return 0
    return 95 if b'Module="network.' in text or _MARK in text else 60


def read(stream: ByteStream, file: str) -> Iterator[Item]:
    return read_records(stream, file, _find, BOUNDARY, _parse, loose)


def _find(text: bytes, start: int) -> tuple[int, int] | None:
    """The record begins at the last time stamp before SIPMSG, or at the beginning of that line."""
    mark = text.find(_MARK, start)
    if mark < 0:
        return None
    earliest = max(start, mark - _LONGEST_HEADER)
    header = text.rfind(b"UTCTime=", earliest, mark)
    if header < 0:
        return max(text.rfind(b"\n", earliest, mark) + 1, earliest), mark
    begin = max(text.rfind(b"\n", earliest, header) + 1, earliest)
    for stamp in _STAMPS.finditer(text, begin, header):
        begin = stamp.start()
    return begin, mark


def _parse(block: Block) -> Iterator[Item]:
    header, _, message = block.text.partition(_MARK)
    data = rebuilt(_plain(message))
    if data is None:
        yield Skipped(block.file, block.position, "there is no start line behind SIPMSG:")
        return
    fields = {name: value.decode("ascii", "replace") for name, value in _FIELD.findall(header)}
    direction = _direction(fields)
    local = _endpoint(fields, b"Local")
    peer = _endpoint(fields, b"Dst" if direction is Direction.SENT else b"Src")
    source, destination = (local, peer) if direction is Direction.SENT else (peer, local)
    time = moment(fields.get(b"UTCTime", "").encode() or header)
    yield Record(time, direction, source, destination, transport_of(data), data, False, block.file, block.position)


def _plain(message: bytes) -> bytes:
    """Without the bar and the indentation. Copies that lost it on some lines keep the blanks of their bodies."""
    message = message.replace(b"\r\n", b"\n").lstrip(b" \n\t").removeprefix(b"|").lstrip(b" ")
    lines = message.count(b"\n")
    if len(_INDENTED.findall(message)) + message.count(b"\n\n") + message.endswith(b"\n") >= lines:
        message = message.replace(b"\n ", b"\n")
    return message


def _direction(fields: dict[bytes, str]) -> Direction:
    """X7 has no Action: it names the source of what it received and the destination of what it sent."""
    action = fields.get(b"Action", "").lower()
    if action:
        return Direction.SENT if action == "sent" else Direction.RECEIVED
    return Direction.SENT if b"Dst-ip" in fields and b"Src-ip" not in fields else Direction.RECEIVED


def _endpoint(fields: dict[bytes, str], name: bytes) -> Endpoint | None:
    host = fields.get(name + b"-ip", "").strip("[]")
    port = fields.get(name + b"-port", "")
    return Endpoint(host, int(port) if port.isascii() and port.isdigit() and len(port) < 6 else None) if host else None
