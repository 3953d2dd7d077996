"""Cisco Expressway / VCS diagnostic log (X7 to X15): the messages of Module="network.sip" lines with SIPMSG.

A record is a line with time, addresses and, since X8, Action; then ``SIPMSG:``, then ``|`` and the message, each line
indented by one blank. Copies from web pages have blanks inside quotes, no indentation and joined lines. The log ends
its lines with LF alone, so every message is rebuilt.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from sipedge.traces.records.clock import moment, second
from sipedge.traces.records.places import endpoint_of
from sipedge.traces.records.rebuild import FLAWLESS_LINE, FLAWLESS_START, rebuilt, rebuilt_flawless, transport_of
from sipedge.traces.records.record import Direction, Endpoint, Item, Record, Skipped
from sipedge.traces.records.source import ByteStream
from sipedge.traces.records.text import Block, as_text, read_records

from .plain import loose

_MARK = b"SIPMSG:"
_LONGEST_HEADER = 4096
_STAMP = rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[^ \n]{0,32} [^ \n]{1,256} [A-Za-z][\w./-]{0,64}(?:\[\d+\])?: "
_STAMPS = re.compile(_STAMP)
_LINE = re.compile(rb"\n(?=" + _STAMP + rb"|tvcs: |[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d |TL_[A-Z]+\(TF_|# |UTCTime=\")")
"""Where the next line of the log, or of another one pasted behind it, begins."""
_FLAWLESS = re.compile(
    rb'[^ \n="]+ [^ \n="]+ tvcs: UTCTime="(?P<second>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),(?P<fraction>\d{1,9})" '
    rb'Module="network\.sip" Level="DEBUG": {1,4}'
    rb'(?P<ends>(?:Action="(?:Received|Sent)" )?(?:Local-ip="[0-9A-Fa-f:.]*" Local-port="\d*" )?'
    rb'(?:Src|Dst)-ip="[0-9A-Fa-f:.]*" {1,2}(?:Src|Dst)-port="\d*")(?: Msg-Hash="\d*")?\n? SIPMSG:\n \|(?P<head>'
    + FLAWLESS_START
    + rb"\n"
    rb"(?: " + FLAWLESS_LINE + rb"\n)+)"
)
"""A message as the box writes it, up to the empty line behind its header section."""
_CLOSING_BAR = re.compile(rb"\n ?\|[ \n]*\Z")
_EMPTY_LINE = re.compile(rb"\n ?(?:\n|\Z)")
_NOT_INDENTED = re.compile(rb"\n[^ \n]")
_UTC = re.compile(rb'UTCTime ?= ?"([^"]{0,64})"')
_FIELD = re.compile(rb'([A-Za-z-]+) ?= ?"([^"]{0,64})"')


def detect(head: bytes) -> int:
    text = as_text(head)
    if b"UTCTime=" in text and b"Module=" in text:
        return 95 if b'Module="network.' in text or _MARK in text else 60
    return 50 if b" tvcs: " in text and _STAMPS.search(text) else 0


def read(stream: ByteStream, file: str) -> Iterator[Item]:
    return read_records(stream, file, _find, _end, _parse, loose, _fast_parse)


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
    match = _LINE.search(text, after)
    end = match.start() if match else -1
    joined = text.find(b" UTCTime=", after, end if match else len(text))
    if joined >= 0 and (stamp := _STAMPS.search(text, after, joined + 1)):
        return stamp.start()
    return end


def _fast_parse(text: bytes, begin: int, file: str, position: int) -> tuple[Record, int] | None:
    match = _FLAWLESS.match(text, begin)
    if match is None:
        return None
    at, fraction, ends, head = match.groups()
    end = _LINE.search(text, match.end() - 1)
    if end is None:
        return None
    rest = _CLOSING_BAR.sub(b"", text[match.end() - 1 : end.start()])
    body = _EMPTY_LINE.match(rest)
    if (rest and body is None) or _NOT_INDENTED.search(rest):
        return None
    if body is None and not head.rpartition(b"\n Content-Length: ")[2][:-1].isdigit():
        return None  # a copy may have joined a body to the last line
    text_of_body = rest[body.end() - 1 :].replace(b"\n ", b"\n")[1:] if body else b""
    if text_of_body and (b" UTCTime=" in text_of_body or text_of_body.rstrip().endswith(b"|")):
        return None
    data = rebuilt_flawless(head[:-1].replace(b"\n ", b"\r\n") + b"\r\n\r\n", text_of_body)
    time = second(at)
    if data is None or time is None:
        return None
    direction, source, destination = _way(ends)
    time += float(b"0." + fraction)
    record = Record(time, direction, source, destination, transport_of(data), data, False, file, position)
    return record, end.start()


def _parse(block: Block) -> Iterator[Item]:
    header, _, message = block.text.partition(_MARK)
    data = rebuilt(_plain(message))
    if data is None:
        yield Skipped(block.file, block.position, "there is no start line behind SIPMSG:")
        return
    direction, source, destination = _way(header)
    stamp = _UTC.search(header)
    time = moment(stamp[1] if stamp else header)
    yield Record(time, direction, source, destination, transport_of(data), data, False, block.file, block.position)


@lru_cache(maxsize=4096)
def _way(header: bytes) -> tuple[Direction, Endpoint | None, Endpoint | None]:
    """Direction, source and destination, of the fields of a line. Without the cache a log takes 1.16 times as long
    (tools.bench.logs)."""
    fields = dict(_FIELD.findall(header))
    sent = _is_sent(fields)
    local = endpoint_of(fields.get(b"Local-ip", b""), fields.get(b"Local-port", b""))
    side = b"Dst-" if sent else b"Src-"
    peer = endpoint_of(fields.get(side + b"ip", b""), fields.get(side + b"port", b""))
    return (Direction.SENT, local, peer) if sent else (Direction.RECEIVED, peer, local)


def _plain(message: bytes) -> bytes:
    """Without the bar and the indentation. Copies that lost it on some lines keep the blanks of their bodies."""
    message = message.replace(b"\r\n", b"\n").lstrip(b" \n\t").removeprefix(b"|").lstrip(b" ")
    bare = message.rstrip(b" \t\n")
    if bare.endswith((b"\n|", b" |")):
        message = bare[:-1]
    message = message.rstrip(b"\n")
    if not _NOT_INDENTED.search(message):
        message = message.replace(b"\n ", b"\n")
    return message + b"\n"


def _is_sent(fields: dict[bytes, bytes]) -> bool:
    """X7 has no Action: it names the source of what it received and the destination of what it sent."""
    action = fields.get(b"Action")
    return b"Sent" in action if action else b"Dst-ip" in fields and b"Src-ip" not in fields
