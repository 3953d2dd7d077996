"""Frames and capture files made by hand, for tests of the readers."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from struct import pack

CLIENT, SERVER = ("10.0.0.1", 40000), ("10.0.0.2", 5060)
START = 1_714_979_290
SYN, ACK, FIN = 0x02, 0x10, 0x01
Address = tuple[str, int]


def sip(number: int = 1, body: bytes = b"", method: str = "MESSAGE") -> bytes:
    """A sound request with a Call-ID of its own."""
    head = (
        f"{method} sip:romeo@example.org SIP/2.0\r\nVia: SIP/2.0/TCP 10.0.0.1:5060;branch=z9hG4bK{number}\r\n"
        f"From: <sip:juliet@example.com>;tag={number}\r\nTo: <sip:romeo@example.org>\r\nCall-ID: {number}@test\r\n"
        f"CSeq: {number} {method}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def ip(source: str, destination: str, protocol: int, payload: bytes, *, fragment: int = 0, identity: int = 7) -> bytes:
    """An IPv4 or IPv6 packet; ``fragment``: flags and offset field of IPv4."""
    first, second = ipaddress.ip_address(source), ipaddress.ip_address(destination)
    if first.version == 4:
        head = pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), identity, fragment, 64, protocol, 0)
    else:
        head = pack(">IHBB", 6 << 28, len(payload), protocol, 64)
    return head + first.packed + second.packed + payload


def udp(payload: bytes, source: Address = CLIENT, destination: Address = SERVER) -> bytes:
    datagram = pack(">HHHH", source[1], destination[1], 8 + len(payload), 0) + payload
    return ip(source[0], destination[0], 17, datagram)


def tcp(
    payload: bytes, sequence: int, source: Address = CLIENT, destination: Address = SERVER, flags: int = ACK
) -> bytes:
    head = pack(">HHIIBBHHH", source[1], destination[1], sequence & 0xFFFFFFFF, 0, 0x50, flags, 65535, 0, 0)
    return ip(source[0], destination[0], 6, head + payload)


def ethernet(packet: bytes, tags: Sequence[int] = ()) -> bytes:
    kind = b"\x08\x00" if packet[0] >> 4 == 4 else b"\x86\xdd"
    return bytes(12) + b"".join(pack(">HH", 0x8100, tag) for tag in tags) + kind + packet


def pcap(
    frames: Iterable[bytes], *, link: int = 1, order: str = "<", nanoseconds: bool = False, snaplen: int = 262144
) -> bytes:
    """A classic capture, one frame a millisecond."""
    magic, unit = (0xA1B23C4D, 1_000_000) if nanoseconds else (0xA1B2C3D4, 1_000)
    parts = [pack(order + "IHHiIII", magic, 2, 4, 0, 0, snaplen, link)]
    for number, frame in enumerate(frames):
        kept = frame[:snaplen]
        time = (START + number // 1000, number % 1000 * unit)
        parts.append(pack(order + "IIII", *time, len(kept), len(frame)) + kept)
    return b"".join(parts)


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    body += bytes(-len(body) % 4)
    return pack(order + "II", kind, 12 + len(body)) + body + pack(order + "I", 12 + len(body))


def section(order: str = "<") -> bytes:
    return block(0x0A0D0D0A, pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(link: int = 1, order: str = "<", options: bytes = b"", snaplen: int = 0) -> bytes:
    return block(1, pack(order + "HHI", link, 0, snaplen) + options, order)


def enhanced(frame: bytes, ticks: int, order: str = "<", number: int = 0) -> bytes:
    body = pack(order + "IIIII", number, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), len(frame)) + frame
    return block(6, body, order)


def pcapng(frames: Iterable[bytes], *, link: int = 1, order: str = "<") -> bytes:
    parts = [section(order), interface(link, order)]
    parts += [enhanced(frame, START * 1_000_000 + number * 1000, order) for number, frame in enumerate(frames)]
    return b"".join(parts)


class Bytes:
    """A stream over bytes, with nothing but ``read``."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, size: int, /) -> bytes:
        part, self._data = self._data[:size], self._data[size:]
        return part
