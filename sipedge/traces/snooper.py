"""OCSLogger and CLSLogger text of Lync and Skype for Business servers, as Snooper reads it.

A record runs from ``TL_LEVEL(TF_FLAG) [...]...$$begin_record`` to ``$$end_record`` with ``Key: value`` lines between;
TF_PROTOCOL holds messages, whose header fields may stand in another order than on the wire. Copies from web pages have
a record on one line. A neighbour dialect says ``--> Message to Send (Dest Address IP: ...)`` in front.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .clock import moment
from .cutter import START
from .plain import loose
from .rebuild import is_message, rebuilt, transport_of
from .record import Direction, Endpoint, Item, Record, Skipped
from .source import ByteStream
from .text import Block, as_text, read_records

_BEGIN, _END = b"$$begin_record", b"$$end_record"
_LONGEST_HEADER = 1024
_HEADER = re.compile(rb"TL_[A-Z]+ ?\(TF_([A-Z_]+)\)|\d\d/\d\d/\d{4}-\d\d:\d\d:\d\d")
_BOUNDARY = re.compile(rb"(?P<end>\$\$end_record)|\n(?=TL_[A-Z]+ ?\(TF_|[^\n]{0,1024}\$\$begin_record)")
_MACHINE = re.compile(rb"\] ?[0-9A-Fa-f]+\.[0-9A-Fa-f]+::")
_POOL = re.compile(rb"\[([^\]\\]{1,256})\\([^\]]{1,256})\]")
_KEYS = (
    rb"Trace-Correlation-Id|Instance-Id|Direction|Peer|Peer-IP|Local-IP|Transport|Message-Type|Start-Line|Message-Body|"
    rb"Connection-ID|LogType|Severity|Text"
)
_JOINED_KEY = re.compile(rb"[ \t]+(?=(?:" + _KEYS + rb"): )")
_KEY = re.compile(rb"^(" + _KEYS + rb")[ \t]*:[ \t]*([^\n]*)$", re.MULTILINE)
_BODY = re.compile(rb"\n?[ \t]*Message-Body:[ \t]*(.*)$", re.DOTALL)
_DEST_ADDRESS = re.compile(rb"Address IP: ?([0-9A-Fa-f.:]+?)(?:[,;]? ?Port:? ?|:)(\d{1,5})")


def detect(head: bytes) -> int:
    text = as_text(head)
    if _BEGIN in text and _HEADER.search(text):
        return 94
    return 50 if re.search(rb"^TL_[A-Z]+ ?\(TF_", text, re.MULTILINE) else 0


def read(stream: ByteStream, file: str) -> Iterator[Item]:
    return read_records(stream, file, _find, _BOUNDARY, _parse, loose)


def _find(text: bytes, start: int) -> tuple[int, int] | None:
    mark = text.find(_BEGIN, start)
    if mark < 0:
        return None
    earliest = max(start, mark - _LONGEST_HEADER)
    begin = text.rfind(b"TL_", earliest, mark)
    if begin < 0:
        begin = max(text.rfind(b"\n", earliest, mark) + 1, earliest)
    return begin, mark


def _parse(block: Block) -> Iterator[Item]:
    header, _, content = block.text.partition(_BEGIN)
    found = _HEADER.search(header)
    if found and found[1] and not found[1].startswith(b"PROTOCOL"):
        return
    content = content.replace(b"\r\n", b"\n").removesuffix(_END).strip(b"\n")
    fields, message = _fields(content)
    data = rebuilt(message) if message is not None else None
    if data is None or not is_message(data):
        if found and found[1]:
            yield Skipped(block.file, block.position, "a TF_PROTOCOL record without a message")
        return
    direction = _direction(header, fields)
    local, peer = _local(header, fields), _peer(header, fields)
    source, destination = (local, peer) if direction is Direction.SENT else (peer, local)
    transport = fields.get(b"Transport", b"").strip().decode("ascii", "replace").lower() or transport_of(data)
    yield Record(moment(header), direction, source, destination, transport, data, False, block.file, block.position)


def _fields(content: bytes) -> tuple[dict[bytes, bytes], bytes | None]:
    """The record's own keys, and the message as text; None where there is none."""
    if b"Start-Line:" not in content:
        lines = content.splitlines(keepends=True)
        for number, line in enumerate(lines):
            if START.match(line if line.endswith(b"\n") else line + b"\n"):
                return {}, b"".join(lines[number:])
        return {}, None
    before, _, message = content.partition(b"Start-Line:")
    fields = {key: value.strip() for key, value in _KEY.findall(_JOINED_KEY.sub(b"\n", before.lstrip()))}
    body = _BODY.search(message)
    if body is None:
        return fields, message.strip() + b"\n\n"
    text = b"" if body[1].strip() == b"-" else body[1]
    return fields, message[: body.start()].strip() + b"\n\n" + text


def _direction(header: bytes, fields: dict[bytes, bytes]) -> Direction:
    word = fields.get(b"Direction", b"").lower()
    if word:
        return Direction.SENT if word.startswith(b"out") else Direction.RECEIVED
    if b"-->" in header or b"to Send" in header:
        return Direction.SENT
    return Direction.RECEIVED if b"<--" in header or b"eceived" in header else Direction.UNKNOWN


def _local(header: bytes, fields: dict[bytes, bytes]) -> Endpoint | None:
    if address := fields.get(b"Local-IP"):
        return endpoint(address)
    found = _POOL.search(header)
    return Endpoint(found[2].decode("utf-8", "replace")) if found and _MACHINE.search(header) else None


def _peer(header: bytes, fields: dict[bytes, bytes]) -> Endpoint | None:
    if address := fields.get(b"Peer-IP") or fields.get(b"Peer"):
        return endpoint(address)
    found = _DEST_ADDRESS.search(header)
    return Endpoint(found[1].decode(), int(found[2])) if found else None


def endpoint(text: bytes) -> Endpoint | None:
    """``host:port``, ``[IPv6]:port`` or a host alone."""
    host, colon, port = text.strip().decode("utf-8", "replace").rpartition(":")
    if not colon or not (port.isascii() and port.isdigit() and len(port) < 6) or (":" in host and host[0] != "["):
        host, port = text.strip().decode("utf-8", "replace"), ""
    host = host.strip("[]")
    return Endpoint(host, int(port) if port else None) if host else None
