"""All TCP streams of a capture: each direction of each connection, put in order and cut into messages.

Memory is bounded: at most MAX_STREAMS of them, and MAX_HELD bytes that wait for more in all of them together; the
quietest ones go first.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from struct import Struct

from .cutter import SURE_START, Cutter
from .decryption import TlsSeen
from .record import Endpoint, Item
from .tcp import Stream

MAX_STREAMS = 65_536
MAX_HELD = 64 << 20
_TCP = Struct(">4sI4xBB6x")
_FIN, _SYN, _RST = 0x01, 0x02, 0x04
_MARKS = _FIN | _SYN | _RST


class _Flow:
    __slots__ = ("born", "cutter", "held", "stream", "used")

    def __init__(self, cutter: Cutter, born: int) -> None:
        self.cutter = cutter
        self.born = born
        """Position of its first packet."""
        self.stream = Stream(cutter.feed, cutter.lose)
        self.held = 0
        self.used = True


class Streams:
    """By addresses and ports. What is found is appended to ``out``, what TLS there was is noted in ``tls``."""

    def __init__(self, out: list[Item], file: str, tls: TlsSeen) -> None:
        self._out, self._file, self._tls = out, file, tls
        self._flows: dict[bytes, _Flow] = {}
        self._held = 0

    def segment(self, addresses: bytes, data: bytes, start: int, end: int, time: float, position: int) -> None:
        """A TCP segment whose header stands at ``start``."""
        if start + 20 > len(data):
            return
        ports, sequence, offset, flags = _TCP.unpack_from(data, start)
        first = start + (offset >> 4) * 4
        if first >= end and not flags & _MARKS:
            return
        key = addresses + ports
        flow = self._flows.get(key)
        if flow is None:
            flow = self._new(key, position)
        flow.used = True
        stream = flow.stream
        if flags & _SYN:
            stream.begin(sequence, position)
            sequence = sequence + 1 & 0xFFFFFFFF
        elif first < end and stream.fresh and not SURE_START.match(data, first):
            stream.join(sequence)
            flow.cutter.join()
        if first < end:
            stream.segment(sequence, data[first:end], end - first, time, position)
        if flags & (_FIN | _RST):
            stream.end()
        if flow.held or flow.cutter.held or stream.waiting_bytes:
            held = len(flow.cutter.held) + stream.waiting_bytes
            self._held += held - flow.held
            flow.held = held
            if self._held > MAX_HELD:
                self._shrink()

    def _new(self, key: bytes, position: int) -> _Flow:
        source, destination = endpoints(key[:-4], key[-4:])
        flow = self._flows[key] = _Flow(Cutter(self._out, self._file, source, destination), position)
        self._shrink()
        return flow

    def _shrink(self) -> None:
        while len(self._flows) > MAX_STREAMS or (self._held > MAX_HELD and len(self._flows) > 1):
            key = next(iter(self._flows))
            flow = self._flows.pop(key)
            if flow.used:  # a second chance for those that lived since
                flow.used = False
                self._flows[key] = flow
                continue
            self._held -= flow.held
            self._end(flow)

    def _end(self, flow: _Flow) -> None:
        cutter = flow.cutter
        flow.stream.give_up()
        cutter.finish()
        if cutter.tls is not None:
            self._tls.note(cutter.tls, cutter.source, cutter.destination, cutter.tls_position)

    def finish(self) -> Iterator[int]:
        """End one after the other; yields the position of its first packet after each."""
        for flow in sorted(self._flows.values(), key=lambda flow: flow.born):
            self._end(flow)
            yield flow.born
        self._flows.clear()


def endpoints(addresses: bytes, ports: bytes) -> tuple[Endpoint, Endpoint]:
    """Source and destination, of both addresses and both ports side by side."""
    half = len(addresses) // 2
    family = socket.AF_INET if half == 4 else socket.AF_INET6
    source = Endpoint(socket.inet_ntop(family, addresses[:half]), ports[0] << 8 | ports[1])
    return source, Endpoint(socket.inet_ntop(family, addresses[half:]), ports[2] << 8 | ports[3])
