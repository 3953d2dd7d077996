"""Records written so that the readers of traces read them back: JSON lines as the edge writes them, or a capture."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address
from struct import pack
from typing import Protocol

from sipedge.traces.records.record import Direction, Endpoint, Record

NOBODY = Endpoint("0.0.0.0", 0)
Address = IPv4Address | IPv6Address
_LINK_RAW = 101
_TCP, _UDP = 6, 17
MAX_FLOWS = 500_000
_LARGEST_DATAGRAM = 65_507
_SEGMENT = 60_000
"""Bytes of a message in one packet; an IP packet holds 65,535."""


class Stream(Protocol):
    def write(self, data: bytes, /) -> int: ...


Writer = Callable[[Record], None]


def writer_for(name: str, stream: Stream) -> Writer:
    """By the end of the file's name: ``.pcap`` is a capture, everything else JSON lines."""
    return Capture(stream).write if name.lower().endswith(".pcap") else lambda record: _write_line(stream, record)


def _write_line(stream: Stream, record: Record) -> None:
    """See sipedge/tap/json_lines.py; a trace that takes nobody's side is written as by the receiver."""
    sent = record.direction is Direction.SENT
    local, peer = (record.source, record.destination) if sent else (record.destination, record.source)
    fields: dict[str, object] = {
        "time": record.time or 0.0,
        "direction": "sent" if sent else "received",
        "connection": 0,
        "zone": record.zone,
        "transport": record.transport,
        "local": _text(local),
        "peer": _text(peer),
    }
    if not record.exact:
        fields["masked"] = True
    try:
        fields["text"] = record.data.decode()
    except UnicodeDecodeError:
        fields["base64"] = b64encode(record.data).decode()
    stream.write(json.dumps(fields, separators=(",", ":")).encode() + b"\n")


def _text(end: Endpoint | None) -> str:
    return str(Endpoint((end or NOBODY).host, (end or NOBODY).port or 0))


class Capture:
    """Classic pcap with one IP packet a message (of TCP several when it is long); what was TLS is TCP in it."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._sequences: dict[tuple[Endpoint, Endpoint], int] = {}
        stream.write(pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, _LINK_RAW))

    def write(self, record: Record) -> None:
        ends = (_numeric(record.source), _numeric(record.destination))
        # Of a rebuilt message the length that it states may not hold, and only a datagram ends by itself.
        alone = record.transport == "udp" or not record.exact
        if alone and len(record.data) <= _LARGEST_DATAGRAM:
            source, destination = (end.port or 0 for end in ends)
            header = pack(">HHHH", source, destination, 8 + len(record.data), 0)
            self._packet(record.time or 0.0, ends, _UDP, header + record.data)
            return
        for start in range(0, len(record.data), _SEGMENT):
            self._segment(record.time or 0.0, ends, record.data[start : start + _SEGMENT])

    def _segment(self, time: float, ends: tuple[Endpoint, Endpoint], data: bytes) -> None:
        if len(self._sequences) >= MAX_FLOWS:
            self._sequences.clear()
        sequence = self._sequences.get(ends, 1)
        self._sequences[ends] = (sequence + len(data)) & 0xFFFFFFFF
        acknowledged = self._sequences.get((ends[1], ends[0]), 1)
        ports = (ends[0].port or 0, ends[1].port or 0)
        header = pack(">HHIIBBHHH", *ports, sequence, acknowledged, 0x50, 0x18, 65_535, 0, 0)
        self._packet(time, ends, _TCP, header + data)

    def _packet(self, time: float, ends: tuple[Endpoint, Endpoint], protocol: int, payload: bytes) -> None:
        source, destination = _of_one_version(*(ip_address(end.host) for end in ends))
        if source.version == 6:
            header = pack(">IHBB", 0x60000000, len(payload), protocol, 64)
        else:
            header = pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0, 64, protocol, 0)
        packet = header + source.packed + destination.packed + payload
        seconds, fraction = divmod(round(time * 1_000_000), 1_000_000)
        self._stream.write(pack("<IIII", seconds & 0xFFFFFFFF, fraction, len(packet), len(packet)) + packet)


def _of_one_version(source: Address, destination: Address) -> tuple[Address, Address]:
    """Where a trace has both versions in one message, the IPv4 address is mapped (RFC 4291 2.5.5.2)."""
    if source.version == destination.version:
        return source, destination
    return _as_ipv6(source), _as_ipv6(destination)


def _as_ipv6(address: Address) -> Address:
    if address.version == 6:
        return address
    return IPv6Address(f"::ffff:{address}") if int(address) else IPv6Address("::")


def _numeric(end: Endpoint | None) -> Endpoint:
    """A host name has no place in a packet."""
    if end is None:
        return NOBODY
    try:
        ip_address(end.host)
    except ValueError:
        return NOBODY._replace(port=end.port)
    return end
