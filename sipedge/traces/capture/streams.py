"""All TCP streams of a capture: each direction of each connection, put in order and cut into messages.

Memory is bounded: MAX_HELD bytes for streams and what they wait with; the quietest ones go first. Streams are spread
over BUCKETS, each with its part of that and deaf to all others, and shares of a capture consist of whole buckets: so it
makes no difference how many shares there are.
"""

from __future__ import annotations

import re
import socket
from collections import deque
from collections.abc import Iterator
from functools import lru_cache
from itertools import takewhile
from math import inf
from struct import Struct
from zlib import crc32

from sipedge.traces.records.cutter import Cutter
from sipedge.traces.records.record import Endpoint, Item

from .decryption import TlsSeen
from .native.packets import Segment
from .tcp import JOIN_WAIT, Stream

BUCKETS = 128
MAX_HELD = 256 << 20
FLOW_COST = 1600
"""Bytes of memory that a stream takes even when nothing waits."""
_MIX = 0x9E3779B1
"""Spreads positions of packets over all buckets."""
_TCP = Struct(">4sI4xBB6x")
_FIN, _SYN, _RST = 0x01, 0x02, 0x04
_MARKS = _FIN | _SYN | _RST
_SURE_START = re.compile(
    rb"(?:INVITE|ACK|BYE|CANCEL|OPTIONS|REGISTER|SUBSCRIBE|(?:BE)?NOTIFY|MESSAGE|INFO|UPDATE|PRACK|REFER|PUBLISH|SERVICE|"
    rb"NEGOTIATE) [^ \r\n]{1,4096} SIP/2\.0[ \t]*\r\n|SIP/2\.0 [1-6]\d\d "
)
"""A packet that begins with one is hardly the middle of a message: earlier ones are not waited for."""


class _Bucket:
    """Streams that share a part of the memory."""

    __slots__ = ("held", "joining", "order")

    def __init__(self) -> None:
        self.held = 0
        self.order: deque[bytes] = deque()
        """Their keys; the first one is the next to go."""
        self.joining: dict[bytes, float] = {}
        """Streams taken up in the middle and not settled yet, and when that began."""


class _Flow:
    __slots__ = ("born", "bucket", "cutter", "held", "stream", "tls", "used")

    def __init__(self, cutter: Cutter, tls: TlsSeen, born: int, bucket: _Bucket) -> None:
        self.cutter, self.tls = cutter, tls
        self.born = born
        """Position of its first packet."""
        self.bucket = bucket
        self.stream = Stream(cutter.feed, cutter.lose, self.restart)
        self.held = 0
        self.used = True

    def restart(self, position: int, *, from_beginning: bool) -> None:
        """Another connection with the same addresses and ports."""
        cutter = self.cutter
        self.note_tls()
        if cutter.tls is not None and from_beginning:
            self.tls.note_restart(cutter.source, cutter.destination, position)
        cutter.restart(position, from_beginning=from_beginning)

    def note_tls(self) -> None:
        cutter = self.cutter
        if cutter.tls is not None:
            self.tls.note(cutter.tls, cutter.source, cutter.destination, cutter.tls_position)


class Streams:
    """By addresses and ports. What is found is appended to ``out``, what TLS there was is noted in ``tls``."""

    def __init__(self, out: list[Item], file: str, tls: TlsSeen) -> None:
        self._out, self._file, self._tls = out, file, tls
        self._flows: dict[bytes, _Flow] = {}
        self._buckets = [_Bucket() for _ in range(BUCKETS)]
        self._limit = MAX_HELD // BUCKETS
        self.due = inf
        """Until then by the clock of the capture ``settle`` has nothing to do."""

    def segment(self, addresses: bytes, data: bytes, start: int, end: int, time: float, position: int) -> None:
        """A TCP segment whose header stands at ``start``."""
        if start + 20 > len(data):
            return
        ports, sequence, offset, flags = _TCP.unpack_from(data, start)
        first = start + (offset >> 4) * 4
        if first < end or flags & _MARKS:
            self._carry(addresses + ports, data[first:end], max(0, end - first), flags, sequence, time, position)

    def usual(self, segment: Segment) -> int:
        """A segment that was found in C. Most are one whole message, in order: for these there is a short way.

        Returns the position of the last packet of it that was read.
        """
        key, data, flags, sequence, time, position, message, size, end = segment
        flow = self._flows.get(key)
        if (
            flow is not None
            and 0 < message == len(data)
            and not flow.held
            and flow.bucket.held + size <= self._limit  # there is room to hold so much for a moment
            and flow.cutter.is_between_messages
            and flow.stream.passes(sequence, message)
        ):
            flow.used = True
            flow.cutter.take(data, time, position)
            return end
        self._carry(key, data[:size], size, flags, sequence, time, position)
        return position

    def _carry(
        self, key: bytes, data: bytes, length: int, flags: int, sequence: int, time: float, position: int
    ) -> None:
        """``length`` bytes, of which ``data`` were captured."""
        flow = self._flows.get(key)
        if flow is None:
            flow = self._new(key, position)
        flow.used = True
        stream = flow.stream
        if flags & _SYN:
            stream.begin(sequence, position)
            sequence = sequence + 1 & 0xFFFFFFFF
        elif length and stream.fresh:
            flow.cutter.join()
            if not _SURE_START.match(data):
                self._join(key, flow, sequence, time)
        if length:
            stream.segment(sequence, data, length, time, position)
        if flags & (_FIN | _RST):
            stream.end()
        if flow.held or flow.cutter.held or stream.waiting_bytes:
            self._count(flow)

    def _count(self, flow: _Flow) -> None:
        """What it holds has changed."""
        bucket, held = flow.bucket, len(flow.cutter.held) + flow.stream.waiting_bytes
        bucket.held += held - flow.held
        flow.held = held
        if bucket.held > self._limit:
            self._shrink(bucket)

    def _new(self, key: bytes, position: int) -> _Flow:
        source, destination = endpoints(key[:-4], key[-4:])
        bucket = self._buckets[bucket_of(key[:-4], key[-4:])]
        flow = self._flows[key] = _Flow(Cutter(self._out, self._file, source, destination), self._tls, position, bucket)
        bucket.order.append(key)
        bucket.held += FLOW_COST
        if bucket.held > self._limit:
            self._shrink(bucket)
        return flow

    def _join(self, key: bytes, flow: _Flow, sequence: int, time: float) -> None:
        """The stream is taken up in the middle."""
        flow.stream.join(sequence)
        flow.bucket.joining[key] = time
        self.due = min(self.due, time + JOIN_WAIT)

    def settle(self, time: float, position: int) -> None:
        """Wait no longer for the beginning of streams that were taken up in the middle. Each packet, of any protocol,
        does so for one bucket: which one depends on its position only, as all shares see the same packets."""
        number = (position * _MIX >> 16) % BUCKETS
        joining = self._buckets[number].joining
        late = list(takewhile(lambda key: time - joining[key] >= JOIN_WAIT, joining))
        for key in late:
            del joining[key]
            self._flows[key].stream.settle()
        if late or number == 0:
            first = (next(iter(bucket.joining.values()), inf) for bucket in self._buckets)
            self.due = min(first) + JOIN_WAIT

    def _shrink(self, bucket: _Bucket) -> None:
        order = bucket.order
        while bucket.held > self._limit and len(order) > 1:
            key = order.popleft()
            flow = self._flows[key]
            if flow.used:  # a second chance for those that lived since
                flow.used = False
                order.append(key)
                continue
            del self._flows[key]
            bucket.joining.pop(key, None)
            bucket.held -= flow.held + FLOW_COST
            self._end(flow)

    def _end(self, flow: _Flow) -> None:
        flow.stream.give_up()
        flow.cutter.finish()
        flow.note_tls()

    def finish(self) -> Iterator[int]:
        """End one after the other; yields the position of its first packet after each."""
        for flow in sorted(self._flows.values(), key=lambda flow: flow.born):
            self._end(flow)
            yield flow.born
        self._flows.clear()


@lru_cache(maxsize=65_536)
def bucket_of(addresses: bytes, ports: bytes) -> int:
    """The bucket of one direction of a connection; the directions are next to each other.

    Asked for each packet where a capture is read in shares: without the cache each takes 1.1 times as long.
    """
    half = len(addresses) // 2
    source, destination = addresses[:half] + ports[:2], addresses[half:] + ports[2:]
    first, second = sorted((source, destination))
    return (crc32(first + second) + (source == first)) % BUCKETS


def endpoints(addresses: bytes, ports: bytes) -> tuple[Endpoint, Endpoint]:
    """Source and destination, of both addresses and both ports side by side."""
    half = len(addresses) // 2
    family = socket.AF_INET if half == 4 else socket.AF_INET6
    source = Endpoint(socket.inet_ntop(family, addresses[:half]), ports[0] << 8 | ports[1])
    return source, Endpoint(socket.inet_ntop(family, addresses[half:]), ports[2] << 8 | ports[3])
