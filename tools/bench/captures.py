"""Captures made up for measuring: SIP over TCP between many addresses, some packets swapped and some twice."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from struct import pack

_PCAP_HEADER = pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
_ETHERNET = bytes(12) + b"\x08\x00"
START = 1_700_000_000


def message(number: int, flow: int) -> bytes:
    """A request or its answer, some 700 bytes."""
    user, call = f"user{number % 997}", f"{flow}-{number // 4}@10.0.{flow % 200}.7"
    start = f"MESSAGE sip:{user}@example.org SIP/2.0" if number % 2 == 0 else "SIP/2.0 200 OK"
    body = f"Hello number {number}. ".encode() * (1 + number % 9) if number % 2 == 0 else b""
    head = (
        f"{start}\r\n"
        f"Via: SIP/2.0/TCP 10.0.{flow % 200}.7:5060;branch=z9hG4bK-{flow}-{number}\r\n"
        f"Via: SIP/2.0/TLS 192.0.2.33:5061;branch=z9hG4bK-outer-{flow}-{number};received=192.0.2.33\r\n"
        f"Record-Route: <sip:edge.example.org:5061;transport=tls;lr>\r\n"
        f'From: "User {number}" <sip:{user}@example.com>;tag={flow}-{number};epid=0123456789\r\n'
        f"To: <sip:{user}@example.org>\r\n"
        f"Call-ID: {call}\r\n"
        f"CSeq: {number // 2 + 1} MESSAGE\r\n"
        "Max-Forwards: 70\r\n"
        "User-Agent: UCCAPI/16.0.4266.1001 OC/16.0.4266.1001 (Skype for Business)\r\n"
        "Content-Type: text/plain; charset=UTF-8\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def packets(count: int, flows: int = 200, seed: int = 1) -> Iterator[bytes]:
    """``count`` Ethernet frames: a third carries one message each, others parts of messages or nothing but an ACK."""
    rng = random.Random(seed)
    sequence = [[rng.getrandbits(32), rng.getrandbits(32)] for _ in range(flows)]
    numbers = [0] * flows
    made = 0
    while made < count:
        flow = rng.randrange(flows)
        number = numbers[flow]
        numbers[flow] += 1
        side = number % 2
        data = message(number, flow)
        cuts = [0, len(data)] if rng.random() < 0.7 else [0, rng.randrange(1, len(data)), len(data)]
        group = []
        for first, last in zip(cuts, cuts[1:], strict=False):
            group.append(_frame(flow, side, sequence[flow], data[first:last]))
            sequence[flow][side] = (sequence[flow][side] + last - first) & 0xFFFFFFFF
        if len(group) == 2 and rng.random() < 0.3:
            group.reverse()
        if rng.random() < 0.04:
            group.append(group[-1])
        group.append(_frame(flow, 1 - side, sequence[flow], b""))
        yield from group[: count - made]
        made += len(group)


def _frame(flow: int, side: int, sequence: list[int], data: bytes) -> bytes:
    addresses = [bytes((10, 0, flow % 200, 7)), bytes((192, 0, 2, 1 + flow // 200))]
    ports = [40_000 + flow, 5060]
    tcp = pack(">HHIIBBHHH", ports[side], ports[1 - side], sequence[side], sequence[1 - side], 0x50, 0x18, 65535, 0, 0)
    total = 40 + len(data)
    ip = pack(">BBHHHBBH", 0x45, 0, total, 0, 0, 64, 6, 0) + addresses[side] + addresses[1 - side]
    return _ETHERNET + ip + tcp + data


def write(path: Path, count: int, flows: int = 200) -> None:
    with open(path, "wb", buffering=1 << 20) as stream:
        stream.write(_PCAP_HEADER)
        for number, frame in enumerate(packets(count, flows)):
            stream.write(pack("<IIII", START + number // 2000, number % 2000 * 500, len(frame), len(frame)) + frame)
