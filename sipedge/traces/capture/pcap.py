"""The classic capture file: a file header, then packets each with a 16-byte header.

Both byte orders, microseconds and nanoseconds, and Kuznetzov's variant with longer packet headers. A packet header
that cannot be true is passed over by looking for the next one that can, with another one behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct
from typing import overload

from sipedge.traces.records.record import Skipped
from sipedge.traces.records.source import ByteStream

Packet = tuple[float, int, bytes, int]
"""Time in seconds since 1970, link type, the captured bytes, byte offset in the file."""


@dataclass(slots=True)
class Block:
    """Packets in a row. Who takes some off its front says so; the others come one by one."""

    data: bytes
    position: int
    """In ``data``, where the next packet stands."""
    base: int
    """Position in the file where ``data`` begin."""
    last: int
    """Whole seconds of the packet before."""
    low: int
    high: int
    """Seconds between which the time of a packet in it lies, both excluded."""
    big: bool
    """The byte order of packet headers."""
    unit: float
    """Of the fraction in a packet header, in seconds."""

    def pass_to(self, place: int) -> None:
        """Behind the packet at this position in the file."""
        start = place - self.base
        self.last, _, size, _ = _ENDS[self.big](self.data, start)
        self.position = start + BLOCK_HEADER + size


BLOCK_HEADER = 16
_ENDS = {True: Struct(">IIII").unpack_from, False: Struct("<IIII").unpack_from}
_BLOCK_LINK = 1
"""Only packets of Ethernet, with the usual headers, come in blocks."""
_MOST_REST = 255
"""Packets after which another block is offered although nothing was taken off the ones before."""
LARGEST_PACKET = 262_144
"""The same bound as libpcap's and Wireshark's."""
BLOCK = 1 << 20
_FILE_HEADER = 24
_LOOK = 2 * LARGEST_PACKET
"""Bytes from a header on that are there when it is judged. More are not looked at, however many there are: what is
found must not depend on where reading began."""
_CHAIN = 3
"""Headers in a row that are believed behind bytes passed over although their times are far from the one before."""
_DAY = 86400
"""Seconds; a header further than that from the one before is looked at closely."""

_KINDS = {
    b"\xd4\xc3\xb2\xa1": ("<", 1e-6, 16),
    b"\xa1\xb2\xc3\xd4": (">", 1e-6, 16),
    b"\x4d\x3c\xb2\xa1": ("<", 1e-9, 16),
    b"\xa1\xb2\x3c\x4d": (">", 1e-9, 16),
    b"\x34\xcd\xb2\xa1": ("<", 1e-6, 24),
    b"\xa1\xb2\xcd\x34": (">", 1e-6, 24),
}
"""Magic number as it stands in the file -> byte order, unit of the fraction in seconds, length of a packet header."""


Offered = Packet | Skipped | Block


class _Offers:
    """When the next packets are offered in a block: not at once, where nothing was taken off the one before."""

    def __init__(self) -> None:
        self._rest = self._refused = 0

    def are_due(self) -> bool:
        """Asked before each packet."""
        if self._rest:
            self._rest -= 1
            return False
        return True

    def passed(self, block: Block, start: int) -> tuple[int, int]:
        """Where to go on, and the time before; the block began at ``start``."""
        self._rest = self._refused = 0 if block.position > start else min(2 * self._refused + 1, _MOST_REST)
        return block.position, block.last


def is_pcap(head: bytes) -> bool:
    return head[:4] in _KINDS and len(head) >= _FILE_HEADER


class Buffer:
    """Bytes of a stream that were read and not passed yet."""

    def __init__(self, stream: ByteStream, base: int) -> None:
        self._stream = stream
        self.base = base
        """Position in the file where ``data`` begin."""
        self.data = b""
        self.ended = False
        """No more is to come."""

    def advance(self, position: int) -> None:
        """Read on; what lies before ``position`` is done with."""
        more = self._stream.read(BLOCK)
        self.base += position
        self.data = self.data[position:] + more
        self.ended = not more


@overload
def packets(stream: ByteStream, file: str, offset: int = 0) -> Iterator[Packet | Skipped]: ...
@overload
def packets(stream: ByteStream, file: str, offset: int = 0, *, blocks: bool) -> Iterator[Offered]: ...
def packets(stream: ByteStream, file: str, offset: int = 0, *, blocks: bool = False) -> Iterator[Offered]:
    """All packets in order. The stream begins with a file header (``is_pcap``).

    ``offset``: what has to be added to a place in the stream to get the position in the file. ``blocks``: packets are
    offered in blocks, too.
    """
    start = stream.read(_FILE_HEADER)
    order, unit, header = _KINDS[start[:4]]
    link = Struct(order + "I").unpack_from(start, 20)[0] & 0xFFFF
    headers = _Headers(order, header)
    unpack = headers.unpack
    buffer = Buffer(stream, _FILE_HEADER + offset)
    buffer.advance(0)
    position, last = 0, headers.time(buffer.data, 0)
    offers = _Offers() if blocks and header == BLOCK_HEADER and link == _BLOCK_LINK else None
    while True:
        base, data, end = buffer.base, buffer.data, len(buffer.data)
        low, high = last - _DAY, last + _DAY
        # Every packet that lies whole in the block; what is left over begins the next one.
        while position + header <= end:
            if offers is not None and offers.are_due():
                yield (block := Block(data, position, base, last, low, high, order == ">", unit))
                position, last = offers.passed(block, position)
                continue
            seconds, fraction, size, original = unpack(data, position)
            first = position + header
            if size > original or size > LARGEST_PACKET or not low < seconds < high or first + size > end:
                break
            yield seconds + fraction * unit, link, data[first : first + size], base + position
            last = seconds
            position = first + size
        if end - position < _LOOK and not buffer.ended:
            buffer.advance(position)
            position = 0
        elif position == end:
            return
        elif (time := headers.accepted(data, position, last)) is not None:
            seconds, fraction, size, _ = unpack(data, position)
            first = position + header
            yield seconds + fraction * unit, link, data[first : first + size], base + position
            position, last = first + size, time
        else:
            broken, whole, reason = base + position, headers.whole(data, position), headers.fault(data, position)
            position = headers.find(buffer, position + 1, last)
            if position < 0:
                reason = reason + unread(buffer, broken) if whole else "the file ends inside a packet"
                yield Skipped(file, broken, reason)
                return
            yield Skipped(file, broken, f"{reason}: {buffer.base + position - broken} bytes are passed over")
            last = headers.time(buffer.data, position)


def unread(buffer: Buffer, broken: int) -> str:
    """The end of a reason, where nothing sound follows up to the end of the file."""
    return f": the rest of the file ({buffer.base + len(buffer.data) - broken} bytes) is not read"


def cuts(stream: ByteStream, size: int) -> Iterator[tuple[int, bytes]]:
    """Places where the file can be cut, about every ``size`` bytes, each with the file header, which has to stand in
    front of the part. Behind a packet header that ``packets`` would have to look at closely it is not cut."""
    start = stream.read(_FILE_HEADER)
    order, _, header = _KINDS[start[:4]]
    headers = _Headers(order, header)
    unpack = headers.unpack
    base, data, position, wished = _FILE_HEADER, stream.read(BLOCK), 0, size
    last = headers.time(data, 0)
    while data:
        while position + header <= len(data):
            seconds, _, length, original = unpack(data, position)
            if length > original or length > LARGEST_PACKET or abs(seconds - last) >= _DAY:
                return
            if base + position >= wished:
                yield base + position, start
                wished = base + position + size
            last = seconds
            position += header + length
        passed, more = min(position, len(data)), stream.read(BLOCK)
        base, data, position = base + passed, data[passed:] + more if more else b"", position - passed


class _Headers:
    """Judges packet headers in one byte order; ``size``: the bytes of one."""

    def __init__(self, order: str, size: int) -> None:
        self._order, self._size = order, size
        self.unpack = Struct(order + "IIII").unpack_from

    def time(self, data: bytes, position: int) -> int:
        """In whole seconds; 0 when there is no header."""
        return int(self.unpack(data, position)[0]) if position + self._size <= len(data) else 0

    def accepted(self, data: bytes, position: int, time: int) -> int | None:
        """The time to go on from when the header and its packet can be taken, although there may be doubt; ``time``:
        of the packet before."""
        if position + self._size > len(data):
            return None
        seconds, fraction, size, original = self.unpack(data, position)
        following = position + self._size + size
        if size > LARGEST_PACKET or following > len(data):
            return None
        near = abs(seconds - time) < _DAY
        if near and size <= original:
            return int(seconds)
        if near and following == len(data):
            return int(seconds)
        if self._believable(data, following, time, lax=True) >= 0:  # one wrong field, or a program that writes all so
            return int(seconds) if near else time
        return int(seconds) if self._followed(data, position) else None

    def _followed(self, data: bytes, position: int) -> bool:
        """Whether the header and the next one state lengths that can be true, whatever their times: files are joined,
        and days may pass between two packets."""
        size = self._stated(data, position)
        following = position + self._size + size
        return size > 0 and (following + self._size > len(data) or self._stated(data, following) > 0)

    def _stated(self, data: bytes, position: int) -> int:
        """The captured length of the header; -1 where its lengths or its fraction of a second cannot be true."""
        _, fraction, size, original = self.unpack(data, position)
        return int(size) if size <= original <= LARGEST_PACKET and fraction < 1_000_000_000 else -1

    def whole(self, data: bytes, position: int) -> bool:
        """False: a packet begins here, but the file ends in it."""
        if position + self._size > len(data):
            return False
        _, _, size, original = self.unpack(data, position)
        return bool(size > min(original, LARGEST_PACKET) or position + self._size + size <= len(data))

    def fault(self, data: bytes, position: int) -> str:
        """The reason why a header is not accepted."""
        if position + self._size > len(data):
            return "half a packet header"
        seconds, _, size, original = self.unpack(data, position)
        if size > LARGEST_PACKET or position + self._size + size > len(data):
            return f"a packet header says {size} bytes"
        return f"a packet header says {size} bytes of {original} at {seconds} seconds"

    def find(self, buffer: Buffer, start: int, time: int) -> int:
        """Where in the buffer, which moves on, the next header stands; -1 when nowhere up to the end."""
        while True:
            while len(buffer.data) - start < BLOCK + _LOOK and not buffer.ended:
                buffer.advance(start)
                start = 0
            stop = start + BLOCK
            place = self._search(buffer.data, start, stop, time)
            if place >= 0:
                return place
            if stop >= len(buffer.data):
                return -1
            start = stop

    def _search(self, data: bytes, start: int, stop: int, time: int) -> int:
        """A header near ``time`` that another one or the end follows; if there is none, several at any other time."""
        pattern, shift = _near(self._order, time >> 16)
        for position in _places(pattern, shift, data, start, stop):
            size = self._believable(data, position, time)
            following = position + self._size + size
            if size > 0 and (following == len(data) or self._believable(data, following, time) >= 0):
                return position
        pattern, shift = _ANY_TIME[self._order]
        return next((at for at in _places(pattern, shift, data, start, stop) if self._chain(data, at)), -1)

    def _chain(self, data: bytes, position: int) -> bool:
        """Whether headers that are near each other in time follow one another, or end the file."""
        stop = min(len(data), position + _LOOK)
        time = self.time(data, position)
        for number in range(_CHAIN):
            size = self._believable(data, position, time)
            if size <= 0:
                return False
            position += self._size + size
            if position + self._size > stop:
                return number > 0 or position == len(data)
        return self._believable(data, position, time) >= 0

    def _believable(self, data: bytes, position: int, time: int, *, lax: bool = False) -> int:
        """The captured length that a header near ``time`` states, or -1 when there is none. ``lax``: the original
        length may be anything."""
        if position + self._size > len(data):
            return -1
        seconds, fraction, size, original = self.unpack(data, position)
        if size > LARGEST_PACKET or fraction >= 1_000_000_000 or abs(seconds - time) >= _DAY:
            return -1
        return int(size) if lax or size <= original <= LARGEST_PACKET else -1


def _places(pattern: re.Pattern[bytes], shift: int, data: bytes, start: int, stop: int) -> Iterator[int]:
    """Where headers may stand; ``shift``: bytes of one in front of what the pattern finds."""
    while match := pattern.search(data, start + shift, stop + 16):
        yield match.start() - shift
        start = match.start() - shift + 1


_LENGTHS = {"<": rb"(?!\0{3})..[\0-\4]\0..[\0-\4]\0", ">": rb"\0(?!\0{3})[\0-\4]..\0[\0-\4].."}
"""Both lengths, as they can be; the first one is not 0."""
_ANY_TIME = {
    "<": (re.compile(rb"...[\0-\x3b]" + _LENGTHS["<"], re.DOTALL), 4),
    ">": (re.compile(rb"[\0-\x3b]..." + _LENGTHS[">"], re.DOTALL), 4),
}


def _near(order: str, upper: int) -> tuple[re.Pattern[bytes], int]:
    """Finds headers whose time has about these upper 16 bits, 40 times as fast as looking at each place."""
    near = [half for half in range(upper - 2, upper + 3) if 0 <= half <= 0xFFFF]
    halves = b"|".join(re.escape(half.to_bytes(2, "little" if order == "<" else "big")) for half in near)
    if order == "<":
        return re.compile(b"(?:" + halves + rb")...[\0-\x3b]" + _LENGTHS[order], re.DOTALL), 2
    return re.compile(b"(?:" + halves + rb")..[\0-\x3b]..." + _LENGTHS[order], re.DOTALL), 0
