"""HEP version 3, the encapsulation of HOMER, as a stream of packets in a file and as payload of captured datagrams.

A packet is ``HEP3``, its total length, then chunks of vendor, type, length (these six bytes included) and value. The
chunks fill the packet: one that they do not fill is passed over by looking for the next ``HEP3``.
"""

from __future__ import annotations

import socket
import zlib
from collections.abc import Iterator
from struct import Struct

from sipedge.traces.records.record import Direction, Endpoint, Item, Record, Skipped, Transport
from sipedge.traces.records.source import ByteStream
from sipedge.traces.records.wire import START

MAGIC = b"HEP3"
_HEADER = 6
_NOT_WHOLE = "this is no whole HEP packet"
_CHUNK = Struct(">HHH")
_SIP = 1
_SOURCE4, _DESTINATION4, _SOURCE6, _DESTINATION6 = 3, 4, 5, 6
_PROTOCOL, _SOURCE_PORT, _DESTINATION_PORT, _SECONDS, _MICROSECONDS, _TYPE, _PAYLOAD, _COMPRESSED = (
    2, 7, 8, 9, 10, 11, 15, 16,
)  # fmt: skip
_TRANSPORTS: dict[int, Transport] = {6: "tcp", 17: "udp", 132: "sctp", 22: "tls"}
"""IP protocol numbers; some agents say 22 (in IP another protocol) for TLS."""
LARGEST_MESSAGE = 1 << 20
_LONGEST_PACKET = 1 << 16
_READ = 1 << 18


def detect(head: bytes) -> int:
    return 100 if head.startswith(MAGIC) and len(head) >= 6 else 0


def read(stream: ByteStream, file: str) -> Iterator[Item]:
    base, data, start, at_end = 0, b"", 0, False
    while not at_end or start < len(data):
        if not at_end and len(data) - start < _LONGEST_PACKET:
            more = stream.read(_READ)
            at_end = not more
            base, data, start = base + start, data[start:] + more, 0
            continue
        end = _end(data, start)
        if end >= 0:
            item = packet(data[start:end], file, base + start)
            if item is not None:
                yield item
        else:
            end = _next(data, start + 1, at_end)
            if data[start:end].strip(b"\r\n\0"):
                yield Skipped(file, base + start, _NOT_WHOLE)
        start = end


def _end(data: bytes, start: int) -> int:
    """Where the packet at ``start`` ends; -1 when none is whole there."""
    end = start + int.from_bytes(data[start + len(MAGIC) : start + _HEADER], "big")
    place = start + _HEADER
    if not data.startswith(MAGIC, start) or end > len(data):
        return -1
    while place + _CHUNK.size <= end:
        size = _CHUNK.unpack_from(data, place)[2]
        if size < _CHUNK.size:
            return -1
        place += size
    return end if place == end else -1


def _next(data: bytes, start: int, at_end: bool) -> int:
    """Where the next packet may begin."""
    place = data.find(MAGIC, start)
    if place >= 0:
        return place
    return len(data) if at_end else max(start, len(data) - len(MAGIC) + 1)


def packet(data: bytes, file: str, position: int) -> Item | None:
    """What one packet carries; None for anything but SIP (RTCP reports, logs, keep-alives).

    ``data``: begins with MAGIC; what lies behind the packet is no part of it.
    """
    end = _end(data, 0)
    if end < 0:
        return Skipped(file, position, _NOT_WHOLE)
    chunks = dict(_chunks(data, end))
    if int.from_bytes(chunks.get(_TYPE, b"\x01"), "big") != _SIP:
        return None
    payload = chunks.get(_PAYLOAD) or _unpacked(chunks.get(_COMPRESSED, b""))
    message = payload.lstrip(b"\r\n")
    if not message.strip(b"\0"):
        return None
    if not START.match(message):
        return Skipped(file, position, "the payload of this HEP packet is no SIP message")
    seconds = int.from_bytes(chunks.get(_SECONDS, b""), "big")
    return Record(
        seconds + int.from_bytes(chunks.get(_MICROSECONDS, b""), "big") / 1e6 if seconds else None,
        Direction.UNKNOWN,
        _endpoint(chunks, _SOURCE4, _SOURCE6, _SOURCE_PORT),
        _endpoint(chunks, _DESTINATION4, _DESTINATION6, _DESTINATION_PORT),
        _TRANSPORTS.get(int.from_bytes(chunks.get(_PROTOCOL, b""), "big"), ""),
        message,
        True,
        file,
        position,
    )


def _chunks(data: bytes, end: int) -> Iterator[tuple[int, bytes]]:
    """(type, value) of the generic chunks (vendor 0) of a whole packet."""
    place = _HEADER
    while place < end:
        vendor, kind, size = _CHUNK.unpack_from(data, place)
        if vendor == 0:
            yield kind, data[place + _CHUNK.size : place + size]
        place += size


def _unpacked(data: bytes) -> bytes:
    """zlib with a bound: a small packet may claim to hold gigabytes."""
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(data, LARGEST_MESSAGE)
    except zlib.error:
        return b""


def _endpoint(chunks: dict[int, bytes], ipv4: int, ipv6: int, port: int) -> Endpoint | None:
    for kind, family, size in ((ipv4, socket.AF_INET, 4), (ipv6, socket.AF_INET6, 16)):
        address = chunks.get(kind, b"")
        if len(address) == size:
            return Endpoint(socket.inet_ntop(family, address), int.from_bytes(chunks.get(port, b""), "big"))
    return None
