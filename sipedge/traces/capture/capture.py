"""Captures (pcap and pcapng): SIP over UDP and TCP on any port, HEP over UDP, TLS with the help of decryption.py.

A large capture can be read in shares, at the same time and in several places: each share goes through all packets, but
reads only its part of the connections.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from struct import Struct
from typing import NamedTuple

from sipedge.native import library
from sipedge.traces.records.record import Direction, Item, Record, Skipped
from sipedge.traces.records.source import ByteStream, Limited, Rejoined
from sipedge.traces.records.wire import START, content_length

from . import hep, pcap, pcapng
from .decryption import TlsSeen, decrypted
from .ip import TCP, UDP, Datagrams, Payload
from .link import IP_OFFSET
from .native import packets as native
from .streams import Streams, bucket_of, endpoints
from .tunnels import UDP_TUNNELS

_MAX_WORDS = 16
_UDP = Struct(">4sHH")
_BEHIND = 1 << 62
_RUN = 64
"""Segments that are found in C at a time."""
_Seen = pcap.Packet | pcap.Block | Skipped | pcapng.Secrets


class Slice(NamedTuple):
    """A part of a capture that holds whole packets only."""

    start: int
    end: int
    context: bytes = b""
    """Bytes that have to stand in front of it to make it a capture."""


def detect(head: bytes) -> int:
    return 100 if pcap.is_pcap(head) or pcapng.is_pcapng(head) else 0


def read(stream: ByteStream, file: str, keylog: str | None = None) -> Iterator[Item]:
    """``keylog``: TLS secrets in NSS format. With them, or with secrets in the file, TLS comes after all the rest."""
    reading = Reading(file)
    yield from reading.messages(_packets(stream, file))
    yield from reading.end()
    yield from decrypted(file, keylog, reading.tls)


def slices(path: str, size: int) -> Iterator[Slice]:
    """The capture in slices of about ``size`` bytes; a single one where it cannot be cut. Raises OSError."""
    with open(path, "rb") as stream:
        cuts = pcapng.cuts if pcapng.is_pcapng(stream.read(32)) else pcap.cuts
        stream.seek(0)
        start, context = 0, b""
        for cut, following in cuts(stream, size):
            yield Slice(start, cut, context)
            start, context = cut, following
        yield Slice(start, stream.seek(0, 2), context)


def read_slice(reading: Reading, path: str, part: Slice) -> Iterator[Item]:
    """Go on with the next slice. Raises OSError."""
    with open(path, "rb") as stream:
        stream.seek(part.start)
        limited = Limited(stream, part.end - part.start)
        yield from reading.messages(_packets(Rejoined(part.context, limited), path, part.start - len(part.context)))


def _packets(stream: ByteStream, file: str, offset: int = 0) -> Iterator[_Seen]:
    start = stream.read(32)
    again = Rejoined(start, stream)
    if pcapng.is_pcapng(start):
        return pcapng.packets(again, file, offset)
    if not pcap.is_pcap(start):
        return iter(())
    return pcap.packets(again, file, offset, blocks=_native(library.is_switched_off()) is not None)


@lru_cache(maxsize=2)
def _native(switched_off: bool) -> native.Packets | None:
    """The part in C, if it can be used; without it packets come one by one."""
    try:
        return native.load()
    except library.Unusable:
        return None


class Reading:
    """Goes through packets and finds the SIP messages in them. It can be pickled in between, to go on elsewhere.

    ``share``: the number of this share, and of how many; all shares together find what one alone would.
    """

    def __init__(self, file: str, share: tuple[int, int] = (0, 1)) -> None:
        self.tls = TlsSeen()
        self.at = 0
        """Position of the packet that completed what was yielded last: the order of all shares' items."""
        self._file = file
        self._number, self._shares = share
        self._out: list[Item] = []
        self._streams = Streams(self._out, file, self.tls)
        self._datagrams = Datagrams()
        self._unknown: set[int] = set()

    def messages(self, packets: Iterable[_Seen]) -> Iterator[Item]:
        out, shares = self._out, self._shares
        find, unwrapped, streams = self._datagrams.find, self._datagrams.unwrapped, self._streams
        segment = streams.segment
        for packet in packets:
            if type(packet) is not tuple:
                yield from self._usual(packet) if type(packet) is pcap.Block else self._aside(packet)
                continue
            time, link, data, place = packet  # type: ignore[misc]  # a plain tuple is a Packet
            if time >= streams.due:
                yield from self._settle(time, place)
            locate = IP_OFFSET.get(link)
            if locate is None:
                yield from self._unreadable(link, place)
                continue
            offset = locate(data)
            payload = find(data, offset, place, time) if offset >= 0 else None
            if payload is None:
                continue
            protocol, addresses, data, start, end, position = payload
            if protocol == UDP and data[start + 2 : start + 4] in UDP_TUNNELS:
                payload = unwrapped(payload, time)
                protocol, addresses, data, start, end, position = payload
            if shares > 1 and bucket_of(addresses, data[start : start + 4]) % shares != self._number:
                continue
            if protocol == TCP:
                segment(addresses, data, start, end, time, position)
            elif protocol == UDP:
                _datagram(payload, time, self._file, out)
            if out:
                self.at = place
                yield from out
                out.clear()

    def _usual(self, block: pcap.Block) -> Iterator[Item]:
        """Takes off its front what is found in C."""
        found = _native(library.is_switched_off())
        taken, out, usual, alone = -1, self._out, self._streams.usual, self._shares == 1
        while found is not None and block.position > taken:
            taken, due = block.position, self._streams.due
            segments, block.position, block.last = found.segments(
                block.data, taken, block.base, block.last, block.big, block.unit, block.low, block.high, due, _RUN
            )
            for segment in segments:
                if not alone and bucket_of(segment[0][:-4], segment[0][-4:]) % self._shares != self._number:
                    continue
                read = usual(segment)
                if out:
                    self.at = read
                    yield from out
                    out.clear()
                if self._streams.due != due or read != segment[8]:
                    # From now on each packet may settle streams, those without data too; or half of a pair is left.
                    block.pass_to(read)
                    break

    def end(self) -> Iterator[Item]:
        """The last items, when there are no more packets."""
        self.at = _BEHIND
        if self._number == 0:
            for position in self._datagrams.incomplete:
                yield Skipped(self._file, position, "fragments of this IP packet are missing")
            for words, (count, position) in self._datagrams.unread.items():
                yield Skipped(self._file, position, f"{words} are not read ({count} of them)")
        for born in self._streams.finish():
            self.at = _BEHIND + 1 + born
            yield from self._out
            self._out.clear()

    def _settle(self, time: float, place: int) -> Iterator[Item]:
        """Its items come before all that the packet itself completes."""
        self._streams.settle(time, place)
        self.at = place - 1
        yield from self._out
        self._out.clear()

    def _aside(self, packet: object) -> Iterator[Item]:
        """Of all shares the first one tells."""
        if isinstance(packet, pcapng.Secrets):
            self.tls.secrets_inside = True
        elif isinstance(packet, Skipped) and self._number == 0:
            self.at = packet.position
            yield packet

    def _unreadable(self, link: int, position: int) -> Iterator[Item]:
        if self._number == 0 and link not in self._unknown and len(self._unknown) < _MAX_WORDS:
            self._unknown.add(link)
            self.at = position
            yield Skipped(self._file, position, f"packets of link type {link} are not read")


def _datagram(payload: Payload, time: float, file: str, out: list[Item]) -> None:
    """One datagram is one message; what lies behind its Content-Length is no part of it (RFC 3261 18.3)."""
    _, addresses, data, start, end, position = payload
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
    source, destination = endpoints(addresses, ports)
    if end > len(data):
        out.append(Skipped(file, position, f"the capture has only a part of this message from {source}"))
        return
    head = data.find(b"\r\n\r\n", begin, end)
    if head >= 0 and (length := content_length(data, begin, head + 2)) is not None:
        end = min(end, head + 4 + length)
    out.append(Record(time, Direction.UNKNOWN, source, destination, "udp", data[begin:end], True, file, position))
