"""OCSLogger and CLSLogger text of Lync and Skype for Business servers, as Snooper reads it.

A record runs from ``TL_LEVEL(TF_FLAG) [...]...$$begin_record`` to ``$$end_record`` with ``Key: value`` lines between;
TF_PROTOCOL holds messages, whose header fields may stand in another order than on the wire. Copies from web pages have
a record on one line. A neighbour dialect says ``--> Message to Send (Dest Address IP: ...)`` in front; another one is
in s4.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast

from sipedge.traces.records.clock import moment, second
from sipedge.traces.records.places import endpoint, endpoint_of
from sipedge.traces.records.rebuild import (
    FLAWLESS_LINE,
    FLAWLESS_START,
    is_message,
    rebuilt,
    rebuilt_flawless,
    transport_of,
)
from sipedge.traces.records.record import Direction, Endpoint, Item, Record, Skipped, transport_named
from sipedge.traces.records.source import ByteStream
from sipedge.traces.records.text import Block, as_text, read_records
from sipedge.traces.records.wire import find_start

from . import s4
from .plain import loose

_BEGIN, _END = b"$$begin_record", b"$$end_record"
_LONGEST_HEADER = 1024
_HEADER = re.compile(
    rb"TL_[A-Z]+ ?\(TF_(?P<flag>[A-Z_]+)\)(?: ?\[(?:[^\]\\]{0,256}\\(?P<machine>[^\]]{1,256})|[^\]]{0,256})\])?"
)
_DATE = re.compile(rb"\d\d/\d\d/\d{4}-\d\d:\d\d:\d\d")
_KEYS = (
    rb"Trace-Correlation-Id|Instance-Id|Direction|Peer|Peer-IP|Local-IP|Transport|Message-Type|Start-Line|Message-Body|"
    rb"Connection-ID|LogType|Severity|Text"
)
_NO_BODY = (b"-", "\N{EN DASH}".encode(), b"\x96")
"""Word processors and web pages make another dash of it."""
_JOINED_KEY = re.compile(rb"(?<![ \t])[ \t]++(?=(?:" + _KEYS + rb"): )")


_FLAWLESS = (
    rb"TL_[A-Z]+\(TF_PROTOCOL\) \[(?:[^\]\\\n:$]{1,256}\\(?P<machine>[^\]\\\n:$]{1,256})|\d{1,8})\]"
    rb"[0-9A-F]{4,8}\.[0-9A-F]{4,8}::(?P<second>\d\d/\d\d/\d{4}-\d\d:\d\d:\d\d)(?P<fraction>\.\d{1,9})\."
    rb"[^\n$/-]*\$\$begin_recordEOL(?:(?:Trace-Correlation-Id|Instance-Id): [^\n:$]*\n)*"
    rb"Direction: (?P<direction>in|out)[^\n:$]*\nPeer: (?P<peer>[^ \r\n$]+)EOLMessage-Type: [a-z]*EOL"
    rb"Start-Line: (?P<head>" + FLAWLESS_START + rb"EOL(?:" + FLAWLESS_LINE + rb"EOL)+?)Message-Body: "
)
"""A message as the logger writes it, up to its body."""
_FLAWLESS_CRLF = re.compile(_FLAWLESS.replace(b"EOL", rb"\r\n"))
_FLAWLESS_LF = re.compile(_FLAWLESS.replace(b"EOL", rb"\n"))
"""Of a log that was converted."""
_DEST_ADDRESS = re.compile(rb"Address IP: ?([0-9A-Fa-f.:]+?)(?:[,;]? ?Port:? ?|:)(\d{1,5})")


def detect(head: bytes) -> int:
    text = as_text(head)
    if _BEGIN in text and (_HEADER.search(text) or _DATE.search(text)):
        return 94
    if s4.MARK in text and _HEADER.search(text):
        return 93
    return 50 if re.search(rb"^TL_[A-Z]+ ?\(TF_", text, re.MULTILINE) else 0


def read(stream: ByteStream, file: str) -> Iterator[Item]:
    return read_records(stream, file, _find, _end, _parse, loose, _fast_parse)


def _fast_parse(text: bytes, begin: int, file: str, position: int) -> tuple[Record, int] | None:
    match = _FLAWLESS_CRLF.match(text, begin) or _FLAWLESS_LF.match(text, begin)
    if match is None:
        return None
    machine, at, fraction, way, peer, head = match.groups()
    if b"$" in head or b"Start-Line:" in peer:  # it may be a word of the log's: the patient way says what becomes of it
        return None
    following = text.find(_BEGIN, match.end())
    end = text.find(_END, match.end(), following if following >= 0 else len(text))
    if end < 0:
        return None
    body = text[match.end() : end].replace(b"\r\n", b"\n").rstrip(b"\n")
    if body.strip() in _NO_BODY:
        body = b""
    if match.re is _FLAWLESS_LF:
        head = head.replace(b"\n", b"\r\n")
    data = rebuilt_flawless(head + b"\r\n", body.lstrip(b" \t"))
    time = second(at)
    if data is None or time is None:
        return None
    here, there = endpoint(machine or b""), endpoint(peer)
    sent = way == b"out"
    record = Record(
        time + float(b"0" + fraction),
        Direction.SENT if sent else Direction.RECEIVED,
        here if sent else there,
        there if sent else here,
        transport_of(data),
        data,
        False,
        file,
        position,
    )
    return record, end + len(_END)


def _find(text: bytes, start: int) -> tuple[int, int] | None:
    mark = text.find(_BEGIN, start)
    other = text.find(s4.MARK, start, mark if mark >= 0 else len(text))
    mark = other if other >= 0 else mark
    if mark < 0:
        return None
    earliest = max(start, mark - _LONGEST_HEADER)
    begin = text.rfind(b"TL_", earliest, mark)
    if begin < 0:
        begin = max(text.rfind(b"\n", earliest, mark) + 1, earliest)
    return begin, mark


def _end(text: bytes, after: int) -> int:
    """Behind $$end_record; where that is missing, before the header of the next record."""
    if not text.startswith(_BEGIN, after):
        return _end_of_either(text, after)
    # The next one first: where none has an end, looking for an end goes no further than there.
    following = text.find(_BEGIN, after + len(_BEGIN))
    end = text.find(_END, after, following if following >= 0 else len(text))
    if end >= 0:
        return end + len(_END)
    if following < 0:
        return -1
    begin, _ = cast(tuple[int, int], _find(text, after + len(_BEGIN)))
    return begin


def _end_of_either(text: bytes, after: int) -> int:
    """Of an S4 record, or of one that is so long that its beginning was looked through before."""
    match = s4.END.search(text, after)
    end = text.find(_END, after, match.start() if match else len(text))
    return end + len(_END) if end >= 0 else match.end() if match else -1


def _parse(block: Block) -> Iterator[Item]:
    if _BEGIN not in block.text:
        yield from s4.parse(block)
        return
    header, _, content = block.text.partition(_BEGIN)
    match = _HEADER.search(header)
    if match and not match["flag"].startswith(b"PROTOCOL"):
        return
    content = content.replace(b"\r\n", b"\n").removesuffix(_END).strip(b"\n")
    fields, message = _fields(content)
    data = rebuilt(message) if message is not None else None
    if data is None or not is_message(data):
        if match:
            yield Skipped(block.file, block.position, "a TF_PROTOCOL record without a message")
        return
    direction = _direction(header, fields)
    address = fields.get(b"Local-IP") or (match["machine"] if match else None) or b""
    local, peer = endpoint(address), _peer(header, fields)
    source, destination = (local, peer) if direction is Direction.SENT else (peer, local)
    transport = transport_named(fields.get(b"Transport", b"").decode("ascii", "replace")) or transport_of(data)
    yield Record(moment(header), direction, source, destination, transport, data, False, block.file, block.position)


def _fields(content: bytes) -> tuple[dict[bytes, bytes], bytes | None]:
    """The record's own keys, and the message as text; None where there is none."""
    before, mark, message = content.partition(b"Start-Line:")
    if not mark:
        return {}, _raw_message(content)
    if before.count(b"\n") < before.count(b": "):
        before = _JOINED_KEY.sub(b"\n", before)
    fields = {}
    for line in before.split(b"\n"):
        key, _, value = line.partition(b":")
        fields[key.strip()] = value.strip()
    head, body = _head_and_body(message)
    if body.strip() in _NO_BODY:
        body = b""
    return fields, head.strip() + b"\n\n" + body.lstrip(b" \t")


def _head_and_body(message: bytes) -> tuple[bytes, bytes]:
    """Cut at the log's own Message-Body: a header field, and text that somebody sends, may hold these words as well."""
    place = message.find(b"\nMessage-Body:") + 1 or message.find(b"Message-Body:")
    return (message[:place], message[place + len("Message-Body:") :]) if place >= 0 else (message, b"")


def _raw_message(content: bytes) -> bytes | None:
    start = find_start(content + b"\n")
    return content[start:] if start >= 0 else None


def _direction(header: bytes, fields: dict[bytes, bytes]) -> Direction:
    word = fields.get(b"Direction", b"").lower()
    if word:
        return Direction.SENT if word.startswith(b"out") else Direction.RECEIVED
    if b"-->" in header or b"to Send" in header:
        return Direction.SENT
    return Direction.RECEIVED if b"<--" in header or b"eceived" in header else Direction.UNKNOWN


def _peer(header: bytes, fields: dict[bytes, bytes]) -> Endpoint | None:
    if address := fields.get(b"Peer-IP") or fields.get(b"Peer"):
        return endpoint(address)
    match = _DEST_ADDRESS.search(header)
    return endpoint_of(match[1], match[2]) if match else None
