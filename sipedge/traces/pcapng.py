"""The capture file of today: sections of blocks (draft-ietf-opsawg-pcapng).

Read are section headers (a file may have several, each with its byte order), interfaces with link type, snaplen,
if_tsresol and if_tsoffset, enhanced, simple and old packets, and whether there are decryption secrets; name resolution,
statistics and unknown blocks are passed over in silence. A block whose two lengths do not agree is passed over, and
reading goes on at the next block that is sound.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct, error

from .pcap import LARGEST_PACKET, Packet
from .record import Skipped
from .source import ByteStream

_SECTION, _INTERFACE, _OLD_PACKET, _SIMPLE, _ENHANCED, _SECRETS = 0x0A0D0D0A, 1, 2, 3, 6, 0x0A
_SECTION_BYTES = b"\x0a\x0d\x0d\x0a"
_TLS_KEY_LOG = 0x544C534B
_RESOLUTION, _OFFSET = 9, 14
LARGEST_BLOCK = 16 << 20
LARGEST_CONTEXT = 1 << 20
"""Of interfaces, up to which a file is cut."""
READ = 1 << 20
_RESYNC = 1 << 20
_MAX_INTERFACES = 65536


class Secrets:
    """Stands among the packets where the file carries TLS secrets (a decryption secrets block)."""


SECRETS = Secrets()


def is_pcapng(head: bytes) -> bool:
    return head[:4] == _SECTION_BYTES and head[8:12] in (b"\x4d\x3c\x2b\x1a", b"\x1a\x2b\x3c\x4d")


def packets(stream: ByteStream, file: str, offset: int = 0) -> Iterator[Packet | Skipped | Secrets]:
    """All packets in order. The stream begins with a section header (``is_pcapng``).

    ``offset``: what has to be added to a place in the stream to get the position in the file.
    """
    section = _Section("<")
    for item in _blocks(stream, file, offset):
        if isinstance(item, Skipped):
            yield item
            continue
        kind, body, position, order = item
        try:
            if kind == _ENHANCED:
                yield section.enhanced(body, position)
            elif kind == _SECTION:
                section = _Section(order)
            elif kind == _INTERFACE:
                section.add_interface(body)
            elif kind == _SIMPLE:
                yield section.simple(body, position)
            elif kind == _OLD_PACKET:
                yield section.old(body, position)
            elif kind == _SECRETS and section.u32.unpack_from(body)[0] == _TLS_KEY_LOG:
                yield SECRETS
        except (error, IndexError):
            yield Skipped(file, position, f"a block of type {kind} is too short or names an unknown interface")


def cuts(stream: ByteStream, size: int) -> Iterator[tuple[int, bytes]]:
    """Where the file can be cut, about every ``size`` bytes, and what has to stand in front of each part but the first:
    the section header and its interfaces. Behind a block that is not sound it is not cut."""
    context, wished = b"", size
    for item in _blocks(stream, "", 0):
        if isinstance(item, Skipped) or len(context) > LARGEST_CONTEXT:
            return
        kind, body, position, order = item
        if kind == _SECTION:
            context = _framed(kind, body, order)
        elif kind == _INTERFACE:
            context += _framed(kind, body, order)
        elif kind in (_ENHANCED, _OLD_PACKET) and position >= wished:  # a simple packet takes its time from another
            yield position, context
            wished = position + size


def _framed(kind: int, body: bytes, order: str) -> bytes:
    size = len(body) + 12
    return Struct(order + "II").pack(kind, size) + body + Struct(order + "I").pack(size)


class _Section:
    """What blocks of one section need to know: byte order and interfaces."""

    def __init__(self, order: str) -> None:
        self.u32 = Struct(order + "I")
        self._order = order
        self._enhanced = Struct(order + "IIIII")
        self._old = Struct(order + "HHIIII")
        self._interfaces: list[tuple[int, int, float, int]] = []
        self._time = 0.0

    def add_interface(self, body: bytes) -> None:
        """Raises struct.error."""
        link, _, snaplen = Struct(self._order + "HHI").unpack_from(body)
        resolution, offset = 1e-6, 0
        for code, value in self._options(body, 8):
            if code == _RESOLUTION and value:
                exponent = value[0] & 0x7F
                resolution = 2.0**-exponent if value[0] & 0x80 else 10.0**-exponent
            elif code == _OFFSET and len(value) == 8:
                offset = Struct(self._order + "q").unpack(value)[0]
        if len(self._interfaces) < _MAX_INTERFACES:
            self._interfaces.append((link, snaplen or LARGEST_PACKET, resolution, offset))

    def enhanced(self, body: bytes, position: int) -> Packet:
        """Raises struct.error or IndexError."""
        interface, high, low, size, _ = self._enhanced.unpack_from(body)
        link, _, resolution, offset = self._interfaces[interface]
        self._time = time = (high << 32 | low) * resolution + offset
        return time, link, body[20 : 20 + size], position

    def old(self, body: bytes, position: int) -> Packet:
        interface, _, high, low, size, _ = self._old.unpack_from(body)
        link, _, resolution, offset = self._interfaces[interface]
        self._time = time = (high << 32 | low) * resolution + offset
        return time, link, body[20 : 20 + size], position

    def simple(self, body: bytes, position: int) -> Packet:
        """A simple packet has neither time nor interface: the first one's link type, the time of the last packet."""
        link, snaplen, _, _ = self._interfaces[0]
        size = min(self.u32.unpack_from(body)[0], snaplen)
        return self._time, link, body[4 : 4 + size], position

    def _options(self, body: bytes, start: int) -> Iterator[tuple[int, bytes]]:
        head = Struct(self._order + "HH")
        while start + 4 <= len(body):
            code, size = head.unpack_from(body, start)
            if code == 0:
                return
            yield code, body[start + 4 : start + 4 + size]
            start += 4 + size + -size % 4


def _blocks(stream: ByteStream, file: str, base: int) -> Iterator[tuple[int, bytes, int, str] | Skipped]:
    """(type, body without its frame, offset in the file, byte order of the section)."""
    data, position, order = b"", 0, "<"
    head = Struct("<II")
    tail = Struct("<I")
    while True:
        end = len(data)
        while position + 12 <= end:
            kind, size = head.unpack_from(data, position)
            if kind == _SECTION:
                order = _byte_order(data, position)
                head, tail = Struct(order + "II"), Struct(order + "I")
                kind, size = head.unpack_from(data, position)
            if size < 12 or size & 3 or size > LARGEST_BLOCK:
                break
            following = position + size
            if following > end:
                break
            if tail.unpack_from(data, following - 4)[0] != size:
                break
            yield kind, data[position + 8 : following - 4], base + position, order
            position = following
        more = stream.read(READ)
        if more:
            base, data, position = base + position, data[position:] + more, 0
        if position + 12 <= len(data) and (found := _sound(data, position, order)) != 0:
            yield Skipped(file, base + position, "a block states no sound length")
            data += stream.read(_RESYNC)
            found = _next_sound(data, position + 4, order)
            if found < 0:
                return
            position = found
        elif not more:
            break
    if position < len(data):
        yield Skipped(file, base + position, "the file ends inside a block")


def _byte_order(data: bytes, position: int) -> str:
    return ">" if data[position + 8 : position + 12] == b"\x1a\x2b\x3c\x4d" else "<"


def _sound(data: bytes, position: int, order: str) -> int:
    """0: may be a block, perhaps not whole yet; 1: is none. Its two lengths are compared when both are here."""
    if data[position : position + 4] == _SECTION_BYTES:
        order = _byte_order(data, position)
    u32 = Struct(order + "I")
    size = u32.unpack_from(data, position + 4)[0]
    if size < 12 or size & 3 or size > LARGEST_BLOCK:
        return 1
    end = position + size
    return int(end <= len(data) and u32.unpack_from(data, end - 4)[0] != size)


def _next_sound(data: bytes, start: int, order: str) -> int:
    """Where a whole sound block stands; -1 when nowhere near. Blocks are aligned to 4 bytes from the broken one."""
    for position in range(start, len(data) - 12, 4):
        u32 = Struct((_byte_order(data, position) if data[position : position + 4] == _SECTION_BYTES else order) + "I")
        size = u32.unpack_from(data, position + 4)[0]
        end = position + size
        if (
            12 <= size <= LARGEST_BLOCK
            and not size & 3
            and end <= len(data)
            and u32.unpack_from(data, end - 4)[0] == size
        ):
            return position
    return -1
