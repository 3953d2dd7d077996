"""The classic capture file: a file header, then packets each with a 16-byte header.

Both byte orders, microseconds and nanoseconds, and Kuznetzov's variant with longer packet headers. A packet header
that cannot be true is passed over by looking for the next one that can, with another one behind it.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct

from .record import Skipped
from .source import ByteStream

Packet = tuple[float, int, bytes, int]
"""Time in seconds since 1970, link type, the captured bytes, byte offset in the file."""

LARGEST_PACKET = 262_144
"""The same bound as libpcap's and Wireshark's."""
BLOCK = 1 << 20
_FILE_HEADER = 24
_RESYNC = 4 * LARGEST_PACKET
"""How far the next packet is looked for."""
_DAY = 86400

_KINDS = {
    b"\xd4\xc3\xb2\xa1": ("<", 1e-6, 16),
    b"\xa1\xb2\xc3\xd4": (">", 1e-6, 16),
    b"\x4d\x3c\xb2\xa1": ("<", 1e-9, 16),
    b"\xa1\xb2\x3c\x4d": (">", 1e-9, 16),
    b"\x34\xcd\xb2\xa1": ("<", 1e-6, 24),
    b"\xa1\xb2\xcd\x34": (">", 1e-6, 24),
}
"""Magic number as it stands in the file -> byte order, unit of the fraction in seconds, length of a packet header."""


def is_pcap(head: bytes) -> bool:
    return head[:4] in _KINDS and len(head) >= _FILE_HEADER


def packets(stream: ByteStream, file: str, offset: int = 0) -> Iterator[Packet | Skipped]:
    """All packets in order. The stream begins with a file header (``is_pcap``).

    ``offset``: what has to be added to a place in the stream to get the position in the file.
    """
    start = stream.read(_FILE_HEADER)
    order, unit, header = _KINDS[start[:4]]
    link = Struct(order + "I").unpack_from(start, 20)[0] & 0xFFFF
    layout = Struct(order + "IIII")
    unpack = layout.unpack_from
    base, data, position, last = _FILE_HEADER + offset, b"", 0, 0
    while True:
        end = len(data)
        # Every packet that lies whole in the block; what is left over begins the next one.
        while position + header <= end:
            seconds, fraction, size, _ = unpack(data, position)
            if size > LARGEST_PACKET:
                break
            first = position + header
            if first + size > end:
                break
            yield seconds + fraction * unit, link, data[first : first + size], base + position
            last = seconds
            position = first + size
        more = stream.read(BLOCK)
        if more:
            base, data, position = base + position, data[position:] + more, 0
        if position + header <= len(data) and unpack(data, position)[2] > LARGEST_PACKET:
            data += stream.read(_RESYNC)
            found = _next_header(data, position + 1, layout, header, last)
            size = unpack(data, position)[2]
            yield Skipped(file, base + position, f"a packet header says {size} bytes")
            if found < 0:
                return
            position = found
        elif not more:
            break
    if position < len(data):
        yield Skipped(file, base + position, "the file ends inside a packet")


def cuts(stream: ByteStream, size: int) -> Iterator[tuple[int, bytes]]:
    """Where the file can be cut, about every ``size`` bytes, and what has to stand in front of each part but the first:
    the file header. Behind a packet header that cannot be true it is not cut."""
    start = stream.read(_FILE_HEADER)
    order, _, header = _KINDS[start[:4]]
    lengths = Struct(order + "8xI").unpack_from
    base, data, position, wished = _FILE_HEADER, b"", 0, size
    while True:
        while position + header <= len(data):
            length = lengths(data, position)[0]
            if length > LARGEST_PACKET:
                return
            if base + position >= wished:
                yield base + position, start
                wished = base + position + size
            position += header + length
        more = stream.read(BLOCK)
        if not more:
            return
        passed = min(position, len(data))
        base, data, position = base + passed, data[passed:] + more, position - passed


def _next_header(data: bytes, start: int, layout: Struct, header: int, time: int) -> int:
    """Where a believable packet header stands that is followed by another one or the end; -1 when nowhere."""
    for position in range(start, min(len(data), start + _RESYNC) - header):
        size = _believable(data, position, layout, time)
        if size < 0:
            continue
        following = position + header + size
        if following == len(data) or (
            following + header <= len(data) and _believable(data, following, layout, time) >= 0
        ):
            return position
    return -1


def _believable(data: bytes, position: int, layout: Struct, time: int) -> int:
    """The captured length that a packet header states, or -1 when it cannot be one near ``time``."""
    seconds, fraction, size, original = layout.unpack_from(data, position)
    if not 0 < size <= min(original, LARGEST_PACKET) or original > LARGEST_PACKET or fraction >= 1_000_000_000:
        return -1
    return size if not time or abs(seconds - time) < _DAY else -1
