"""Cisco Expressway / VCS diagnostic log (X7 to X15): the messages of Module="network.sip" lines with SIPMSG.

A record is a line with time, addresses and, since X8, Action; then ``SIPMSG:``, then ``|`` and the message, each line
indented by one blank. Copies from web pages have blanks inside quotes, no indentation and joined lines. The log ends
its lines with LF alone, so every message is rebuilt.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .clock import moment
from .places import endpoint_of
from .plain import loose
from .rebuild import rebuilt, transport_of
from .record import Direction, Item, Record, Skipped
from .source import ByteStream
from .text import Block, as_text, read_records

_MARK = b"SIPMSG:"
_LONGEST_HEADER = 4096
_STAMP = rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[^ \n]{0,32} [^ \n]{1,256} [A-Za-z][\w./-]{0,64}(?:\[\d+\])?: "
_STAMPS = re.compile(_STAMP)
_LINE = re.compile(rb"\n(?=" + _STAMP + rb"|tvcs: |[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d |TL_[A-Z]+\(TF_|# |UTCTime=\")")
"""Where the next line of the log, or of another one pasted behind it, begins."""
_FIELD = re.compile(rb'([A-Za-z-]+) ?= ?"([^"]{0,64})"')


def detect(head: bytes) -> int:
    text = as_text(head)
    if b"UTCTime=" in text and b"Module=" in text:
        return 95 if b'Module="network.' in text or _MARK in text else 60
    return 50 if b" tvcs: " in text and _STAMPS.search(text) else 0


def read(stream: ByteStream, file: str) -> Iterator[Item]:
    return read_records(stream, file, _find, _end, _parse, loose)


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


def _end(text: bytes, after: int) -> int:
    """The next line; in flattened copies the next line's stamp, in the middle of this one."""
    found = _LINE.search(text, after)
    end = found.start() if found else -1
    joined = text.find(b" UTCTime=", after, end if found else len(text))
    if joined >= 0 and (stamp := _STAMPS.search(text, after, joined + 1)):
        return stamp.start()
    return end


def _parse(block: Block) -> Iterator[Item]:
    header, _, message = block.text.partition(_MARK)
    data = rebuilt(_plain(message))
    if data is None:
        yield Skipped(block.file, block.position, "there is no start line behind SIPMSG:")
        return
    fields = dict(_FIELD.findall(header))
    sent = _is_sent(fields)
    local = endpoint_of(fields.get(b"Local-ip", b""), fields.get(b"Local-port", b""))
    side = b"Dst-" if sent else b"Src-"
    peer = endpoint_of(fields.get(side + b"ip", b""), fields.get(side + b"port", b""))
    yield Record(
        moment(fields.get(b"UTCTime") or header),
        Direction.SENT if sent else Direction.RECEIVED,
        local if sent else peer,
        peer if sent else local,
        transport_of(data),
        data,
        False,
        block.file,
        block.position,
    )


def _plain(message: bytes) -> bytes:
    """Without the bar and the indentation. Copies that lost it on some lines keep the blanks of their bodies."""
    message = message.replace(b"\r\n", b"\n").lstrip(b" \n\t").removeprefix(b"|").lstrip(b" ")
    message = message.rstrip(b" \t\n")
    if message.endswith((b"\n|", b" |")):
        message = message[:-1].rstrip(b" \t\n")
    if message.count(b"\n ") + message.count(b"\n\n") >= message.count(b"\n"):
        message = message.replace(b"\n ", b"\n")
    return message + b"\n"


def _is_sent(fields: dict[bytes, bytes]) -> bool:
    """X7 has no Action: it names the source of what it received and the destination of what it sent."""
    action = fields.get(b"Action")
    return b"Sent" in action if action else b"Dst-ip" in fields and b"Src-ip" not in fields
