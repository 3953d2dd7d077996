"""The capture file of today: sections of blocks (draft-ietf-opsawg-pcapng).

Read are section headers (a file may have several, each with its byte order), interfaces with link type, snaplen,
if_tsresol and if_tsoffset, enhanced, simple and old packets, and whether there are decryption secrets; name resolution,
statistics and unknown blocks are passed over in silence. A block whose two lengths do not agree is passed over, and
reading goes on at the next block that is sound.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from struct import Struct, error
from typing import NamedTuple

from sipedge.traces.records.record import Skipped
from sipedge.traces.records.source import ByteStream

from .pcap import BLOCK, LARGEST_PACKET, Buffer, Packet, unread

_SECTION, _INTERFACE, _OLD_PACKET, _SIMPLE, _ENHANCED, _SECRETS = 0x0A0D0D0A, 1, 2, 3, 6, 0x0A
_SECTION_BYTES = b"\x0a\x0d\x0d\x0a"
_MAGICS = (b"\x4d\x3c\x2b\x1a", b"\x1a\x2b\x3c\x4d")
_TLS_KEY_LOG = 0x544C534B
_RESOLUTION, _OFFSET = 9, 14
LARGEST_BLOCK = 16 << 20
LARGEST_CONTEXT = 1 << 20
"""Of interfaces, up to which a file is cut."""
_LOOK = 1 << 20
"""A block behind a broken part has to be smaller to be found; bytes of it and the next one that are looked at."""
_MAX_INTERFACES = 65536


class Secrets(NamedTuple):
    """Stands among the packets where the file carries TLS secrets (a decryption secrets block)."""

    text: bytes
    """In NSS format."""


def is_pcapng(head: bytes) -> bool:
    return head[:4] == _SECTION_BYTES and head[8:12] in _MAGICS


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
                yield Secrets(body[8 : 8 + section.u32.unpack_from(body, 4)[0]])
        except (error, IndexError):
            yield Skipped(file, position, f"a block of type {kind} is too short or names an unknown interface")


def cuts(stream: ByteStream, size: int) -> Iterator[tuple[int, bytes]]:
    """Places where the file can be cut, about every ``size`` bytes, each with the section header and its interfaces,
    which have to stand in front of the part. Behind a block that is not sound it is not cut."""
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
    """The byte order and the interfaces of one section."""

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
    buffer, position, order = Buffer(stream, base), 0, "<"
    head, tail = Struct("<II"), Struct("<I")
    while True:
        base, data, end = buffer.base, buffer.data, len(buffer.data)
        size = 0
        while position + 12 <= end:
            kind, size = head.unpack_from(data, position)
            if kind == _SECTION:
                if data[position + 8 : position + 12] not in _MAGICS:
                    size = 0
                    break
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
        whole = position + 12 <= end and _whole(data, position, size)
        if not whole and not buffer.ended:
            buffer.advance(position)
            position = 0
        elif position == end:
            return
        else:
            broken = base + position
            position = _find(buffer, position + 1, order)
            if position < 0:
                reason = "a block states no sound length" + unread(buffer, broken)
                yield Skipped(file, broken, reason if whole else "the file ends inside a block")
                return
            passed = buffer.base + position - broken
            yield Skipped(file, broken, f"a block states no sound length: {passed} bytes are passed over")


def _byte_order(data: bytes, position: int) -> str:
    return ">" if data[position + 8 : position + 12] == b"\x1a\x2b\x3c\x4d" else "<"


def _whole(data: bytes, position: int, size: int) -> bool:
    """Whether a block of this size is there as a whole, or cannot be one."""
    return size < 12 or bool(size & 3) or size > LARGEST_BLOCK or position + size <= len(data)


def _find(buffer: Buffer, start: int, order: str) -> int:
    """Where in the buffer, which moves on, the next sound block stands; -1 when nowhere up to the end."""
    while True:
        while len(buffer.data) - start < BLOCK + _LOOK and not buffer.ended:
            buffer.advance(start)
            start = 0
        stop = start + BLOCK
        data = buffer.data
        while match := _PLACES[order].search(data, start, stop + 12):
            if _sound(data, match.start(), order):
                return match.start()
            start = match.start() + 1
        if stop >= len(data):
            return -1
        start = stop


def _sound(data: bytes, position: int, order: str) -> bool:
    """A whole block stands there, and behind it another one or the end. Bytes may be missing in front of it, so it can
    stand anywhere."""
    stop = min(len(data), position + _LOOK)
    following = _behind(data, position, order, stop)
    if following < 0 or following == len(data):
        return following >= 0
    if data.startswith(_SECTION_BYTES, position):
        order = _byte_order(data, position)
    if following + 12 > stop:
        return True
    return _PLACES[order].match(data, following) is not None and (
        _behind(data, following, order, stop) >= 0 or following + _size(data, following, order) > stop
    )


def _behind(data: bytes, position: int, order: str, stop: int) -> int:
    """Where the block ends that lies whole in front of ``stop`` and states its length twice; -1 when there is none."""
    size = _size(data, position, order)
    end = position + size
    if size < 12 or size & 3 or end > stop:
        return -1
    return end if data[end - 4 : end] == data[position + 4 : position + 8] else -1


def _size(data: bytes, position: int, order: str) -> int:
    if data.startswith(_SECTION_BYTES, position):
        order = _byte_order(data, position)
    size: int = Struct(order + "I").unpack_from(data, position + 4)[0]
    return size


_PLACES = {
    "<": re.compile(rb"[\x01-\x06\x0a]\0\0\0...[\0\1]|\n\r\r\n.{8}", re.DOTALL),
    ">": re.compile(rb"\0\0\0[\x01-\x06\x0a][\0\1]|\n\r\r\n.{8}", re.DOTALL),
}
"""Where a block of a well-known type may stand."""
