"""Captures (pcap and pcapng): SIP over UDP and TCP on any port, HEP over UDP, TLS with the help of decryption.py.

Memory is bounded: at most MAX_FLOWS directions of connections, and MAX_HELD bytes that wait for more in all of them
together; the quietest ones go first.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from struct import Struct

from . import hep, pcap, pcapng
from .cutter import START, SURE_START, Cutter, content_length
from .decryption import TlsSeen, decrypted
from .ip import TCP, UDP, Datagrams, Transport
from .link import IP_OFFSET
from .record import Direction, Endpoint, Item, Record, Skipped
from .source import ByteStream, Rejoined
from .tcp import Stream

MAX_FLOWS = 65_536
MAX_HELD = 64 << 20
_MAX_WORDS = 16
_UDP = Struct(">4sHH")
_TCP = Struct(">4sI4xBB6x")
_FIN, _SYN, _RST = 0x01, 0x02, 0x04
_MARKS = _FIN | _SYN | _RST


def detect(head: bytes) -> int:
    return 100 if pcap.is_pcap(head) or pcapng.is_pcapng(head) else 0


def read(stream: ByteStream, file: str, keylog: str | None = None) -> Iterator[Item]:
    """``keylog``: TLS secrets in NSS format. With them, or with secrets in the file, TLS comes after all the rest."""
    start = stream.read(32)
    again = Rejoined(start, stream)
    tls = TlsSeen()
    if pcapng.is_pcapng(start):
        yield from messages(pcapng.packets(again, file), file, tls)
    elif pcap.is_pcap(start):
        yield from messages(pcap.packets(again, file), file, tls)
    yield from decrypted(file, keylog, tls)


def messages(packets: Iterable[pcap.Packet | Skipped | pcapng.Secrets], file: str, tls: TlsSeen) -> Iterator[Item]:
    """The SIP messages in the packets; what TLS there was is noted in ``tls``."""
    out: list[Item] = []
    flows = _Flows(out, file, tls)
    datagrams = Datagrams()
    unknown: set[int] = set()
    find, segment = datagrams.find, flows.segment
    for packet in packets:
        if type(packet) is not tuple:
            yield from _aside(packet, tls)
            continue
        time, link, data, position = packet  # type: ignore[misc]  # a plain tuple is a Packet
        locate = IP_OFFSET.get(link)
        if locate is None:
            if link not in unknown and len(unknown) < _MAX_WORDS:
                unknown.add(link)
                yield Skipped(file, position, f"packets of link type {link} are not read")
            continue
        offset = locate(data)
        found = find(data, offset, position) if offset >= 0 else None
        if found is None:
            continue
        protocol, addresses, data, start, end, position = found
        if protocol == TCP:
            segment(addresses, data, start, end, time, position)
        elif protocol == UDP:
            _datagram(found, time, file, out)
        if out:
            yield from out
            out.clear()
    for position in datagrams.incomplete:
        yield Skipped(file, position, "fragments of this IP packet are missing")
    flows.finish()
    yield from out


def _aside(packet: object, tls: TlsSeen) -> Iterator[Item]:
    if isinstance(packet, Skipped):
        yield packet
    elif isinstance(packet, pcapng.Secrets):
        tls.secrets_inside = True


def _datagram(found: Transport, time: float, file: str, out: list[Item]) -> None:
    """One datagram is one message; what lies behind its Content-Length is no part of it (RFC 3261 18.3)."""
    _, addresses, data, start, end, position = found
    if start + 8 > len(data):
        return
    ports, length, _ = _UDP.unpack_from(data, start)
    end = min(end, start + length) if length >= 8 else end
    begin = start + 8
    while begin < end and data[begin : begin + 1] in (b"\r", b"\n"):
        begin += 1
    if not START.match(data, begin, end):
        if data.startswith(hep.MAGIC, begin) and (item := hep.packet(data[begin:end], file, position)) is not None:
            out.append(item)
        return
    source, destination = _endpoints(addresses, ports)
    if end > len(data):
        out.append(Skipped(file, position, f"the capture has only a part of this message from {source}"))
        return
    head = data.find(b"\r\n\r\n", begin, end)
    if head >= 0 and (length := content_length(data, begin, head + 2)) is not None:
        end = min(end, head + 4 + length)
    out.append(Record(time, Direction.UNKNOWN, source, destination, "udp", data[begin:end], True, file, position))


class _Flow:
    __slots__ = ("cutter", "held", "stream", "used")

    def __init__(self, cutter: Cutter) -> None:
        self.cutter = cutter
        self.stream = Stream(cutter.feed, cutter.lose)
        self.held = 0
        self.used = True


class _Flows:
    """All directions of all connections, by addresses and ports."""

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
            flow = self._new(key)
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

    def _new(self, key: bytes) -> _Flow:
        source, destination = _endpoints(key[:-4], key[-4:])
        flow = self._flows[key] = _Flow(Cutter(self._out, self._file, source, destination))
        self._shrink()
        return flow

    def _shrink(self) -> None:
        while len(self._flows) > MAX_FLOWS or (self._held > MAX_HELD and len(self._flows) > 1):
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

    def finish(self) -> None:
        for flow in self._flows.values():
            self._end(flow)
        self._flows.clear()


def _endpoints(addresses: bytes, ports: bytes) -> tuple[Endpoint, Endpoint]:
    half = len(addresses) // 2
    family = socket.AF_INET if half == 4 else socket.AF_INET6
    source = Endpoint(socket.inet_ntop(family, addresses[:half]), ports[0] << 8 | ports[1])
    return source, Endpoint(socket.inet_ntop(family, addresses[half:]), ports[2] << 8 | ports[3])
