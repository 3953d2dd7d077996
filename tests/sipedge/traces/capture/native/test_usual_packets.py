"""Which packets the part in C takes, one fact of the packet after the other: yes with exactly these values, or no.

What it says no to is read in Python: a no that should be a yes costs time, a yes that should be a no costs messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import pack

import pytest
from support.captures import ACK, FIN, START, ethernet, sip, tcp
from support.native import require_native

from sipedge.traces.capture.native import packets
from sipedge.traces.capture.native.packets import Segment

KEY = b"\x0a\0\0\x01\x0a\0\0\x02\x9c\x40\x13\xc4"
BASE = 1000
RST, PSH, SYN = 0x04, 0x08, 0x02
DATA = sip(1, b"xy")
FRAME = ethernet(tcp(DATA, 7))
IP, TCP = 14, 34
"""Where these headers stand in a frame."""


def packet(frame: bytes, seconds: int = START, fraction: int = 3, original: int = -1, order: str = "<") -> bytes:
    whole = len(frame) if original < 0 else original
    return pack(order + "IIII", seconds, fraction, len(frame), whole) + frame


def found(
    data: bytes, low: int = START - 9, high: int = START + 9, due: float = 1e12, unit: float = 1e-6, most: int = 9
) -> tuple[list[Segment], int, int]:
    require_native()
    return packets.load().segments(data, 0, BASE, 5, False, unit, low, high, due, most)


def segments(*frames: bytes) -> list[Segment]:
    return found(b"".join(packet(frame) for frame in frames))[0]


def changed(*bytes_at: tuple[int, int], frame: bytes = FRAME) -> bytes:
    made = bytearray(frame)
    for place, value in bytes_at:
        made[place] = value
    return bytes(made)


def resized(frame: bytes, length: int) -> bytes:
    """With another length in its IP header."""
    return changed((IP + 2, length >> 8), (IP + 3, length & 255), frame=frame)


def with_options(ip: int = 0, tcp_: int = 0) -> bytes:
    """So many bytes of options behind each of the headers, the lengths being right."""
    made = FRAME[:TCP] + bytes(ip) + FRAME[TCP : TCP + 20] + bytes(tcp_) + DATA
    sized = resized(made, len(made) - IP)
    return changed((IP, 0x45 + ip // 4), (TCP + ip + 12, (5 + tcp_ // 4) << 4), frame=sized)


FULL = len(FRAME) - IP


@pytest.mark.parametrize(
    "frame",
    [
        changed((12, 0x08), (13, 0x06)),
        ethernet(tcp(DATA, 7), tags=(0x4500,)),
        changed((IP, 0x65)),
        changed((IP, 0x44)),
        with_options(ip=4),
        FRAME[:-1],
        FRAME[:33],
        resized(FRAME, 39),
        resized(FRAME[:TCP], 20),
        changed((IP + 6, 0x20)),
        changed((IP + 7, 0x01)),
        changed((IP + 6, 0x1F)),
        changed((IP + 9, 17)),
        changed((TCP + 12, 0x40)),
        resized(changed((TCP + 12, 0x60)), 43),
        resized(changed((TCP + 12, 0xF0)), 40),
        FRAME + bytes(65536),
    ],
    ids=[
        "no IP by its type",
        "a VLAN tag that looks like IPv4",
        "IPv6 by its version",
        "an IP header of 16 bytes",
        "IP options",
        "cut by a byte",
        "cut in its IP header",
        "no room for a TCP header",
        "nothing behind the IP header",
        "more fragments",
        "a later fragment",
        "a fragment far behind",
        "UDP",
        "a TCP header of 16 bytes",
        "a TCP header that ends a byte behind the packet",
        "the longest TCP header in the shortest packet",
        "more bytes behind it than any packet has",
    ],
)
def test_a_packet_that_is_not_usual_is_left_to_python(frame: bytes) -> None:
    assert found(packet(frame)) == ([], 0, 5)


@pytest.mark.parametrize(
    ("frame", "wanted"),
    [
        (FRAME, DATA),
        (changed((IP + 6, 0x40)), DATA),
        (changed((IP + 6, 0x80)), DATA),
        (FRAME + bytes(6), DATA),
        (FRAME + b"x" * 65535, DATA),
        (with_options(tcp_=12), DATA),
        (with_options(tcp_=40), DATA),
        (changed((TCP + 13, PSH | ACK | 0xE0)), DATA),
        (resized(FRAME, FULL - 1), DATA[:-1]),
    ],
    ids=[
        "plain",
        "not to be fragmented",
        "with the reserved bit",
        "padded",
        "with as many bytes behind it as are believed",
        "TCP options",
        "as many TCP options as there can be",
        "flags that say nothing of the stream",
        "shorter by its IP header than by its frame",
    ],
)
def test_a_usual_packet_is_taken(frame: bytes, wanted: bytes) -> None:
    (segment,) = segments(frame)
    assert segment == (KEY, wanted, 0, 7, START + 3e-6, BASE, len(DATA), len(wanted), BASE)


@pytest.mark.parametrize(("flags", "told"), [(FIN, 1), (SYN, 2), (RST, 4), (FIN | SYN | RST | PSH, 7)])
@pytest.mark.parametrize("data", [b"", sip(1)], ids=["empty", "with a message"])
def test_what_begins_or_ends_a_stream_is_told_and_is_no_message(flags: int, told: int, data: bytes) -> None:
    (segment,) = segments(ethernet(tcp(data, 0xFFFFFFFF, flags=flags)))
    assert segment[1:] == (data, told, 0xFFFFFFFF, START + 3e-6, BASE, 0, len(data), BASE)


def test_packets_that_carry_nothing_are_passed_over_and_only_so_many_segments_are_told() -> None:
    empty, size = ethernet(tcp(b"", 7)), 16 + len(ethernet(tcp(b"", 7)))
    assert found(packet(empty) + packet(empty, START + 2)) == ([], 2 * size, START + 2)
    many = b"".join(packet(FRAME, START + number) for number in range(4))
    told, place, last = found(many, most=3)
    assert ([each[5] for each in told], place, last) == (
        [BASE + number * (16 + len(FRAME)) for number in range(3)],
        3 * (16 + len(FRAME)),
        START + 2,
    )
    assert found(many, most=0) == ([], 0, 5)


@pytest.mark.parametrize(
    ("head", "limits"),
    [
        ({"original": len(FRAME) - 1}, {}),
        ({"seconds": START - 9}, {}),
        ({"seconds": START + 9}, {}),
        ({}, {"due": START + 3e-6}),
        ({"seconds": START + 1}, {"due": START + 1.0}),
    ],
    ids=["more captured than there was", "as old as is too old", "as new as is too new", "due", "overdue"],
)
def test_a_header_that_is_not_usual_is_left_to_python(head: dict[str, int], limits: dict[str, float]) -> None:
    assert found(packet(FRAME, **head), **limits) == ([], 0, 5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("head", "limits", "time"),
    [
        ({"original": 9000}, {}, START + 3e-6),
        ({"seconds": START - 8}, {}, START - 8 + 3e-6),
        ({"seconds": START + 8}, {}, START + 8 + 3e-6),
        ({}, {"due": START + 4e-6}, START + 3e-6),
        ({"fraction": 999_999_999}, {"unit": 1e-9}, START + 999_999_999 * 1e-9),
        ({"seconds": 0xFFFFFFFE}, {"low": 0xFFFFFFF0, "high": 0xFFFFFFFF}, 0xFFFFFFFE + 3e-6),
    ],
    ids=["less captured than there was", "old", "new", "not due yet", "nanoseconds", "in the year 2106"],
)
def test_a_usual_header_is_taken(head: dict[str, int], limits: dict[str, float], time: float) -> None:
    told, place, last = found(packet(FRAME, **head), **limits)  # type: ignore[arg-type]
    assert ([each[4] for each in told], place, last) == ([time], 16 + len(FRAME), head.get("seconds", START))


@pytest.mark.parametrize("missing", [1, 8, len(FRAME), len(FRAME) + 1, len(FRAME) + 16])
def test_a_packet_that_the_block_has_only_a_part_of_is_left(missing: int) -> None:
    told, place, last = found((packet(FRAME) + packet(FRAME, START + 1))[:-missing])
    assert (len(told), place, last) == (1, 16 + len(FRAME), START)


def split(data: bytes, *pieces: tuple[int, int, int, Sequence[object]]) -> list[Segment]:
    """``pieces``: first and last byte, what is added to the sequence number, more arguments of ``tcp``."""
    return segments(*(ethernet(tcp(data[one:two], 7 + one + more, *rest)) for one, two, more, rest in pieces))  # type: ignore[arg-type]


def test_two_packets_that_hold_a_message_are_told_as_one() -> None:
    data, size = sip(1), 16 + len(ethernet(tcp(b"", 7)))
    (segment,) = split(data, (0, 50, 0, ()), (50, len(data), 0, ()))
    second = BASE + size + 50
    assert segment == (KEY, data, 0, 7, START + 3e-6, BASE, len(data), 50, second)
    between = [(0, 0, 0, ())] * 4
    (segment,) = split(data, (0, 50, 0, ()), *between, (50, len(data), 0, ()))
    assert (segment[1], segment[8]) == (data, second + 4 * size)
    assert len(split(data, (0, 50, 0, ()), *between, (0, 0, 0, ()), (50, len(data), 0, ()))) == 2


def test_the_packet_behind_a_pair_is_told_as_if_there_had_been_none() -> None:
    data = sip(1)
    told = split(data, (0, 50, 0, ()), (50, len(data), 0, ()), (0, len(data), len(data), ()))
    assert [(each[1], each[3]) for each in told] == [(data, 7), (data, 7 + len(data))]


def test_a_pair_may_cross_the_end_of_sequence_numbers() -> None:
    data = sip(1)
    frames = [ethernet(tcp(data[:50], 0xFFFFFFF0)), ethernet(tcp(data[50:], 0xFFFFFFF0 + 50))]
    assert [(each[1], each[3]) for each in segments(*frames)] == [(data, 0xFFFFFFF0)]


ONE, TWO = ("10.0.0.1", 40000), ("10.0.0.2", 5060)


@pytest.mark.parametrize(
    "second",
    [
        (1, ()),
        (-1, ()),
        (0, (ONE, TWO, FIN | ACK)),
        (0, (ONE, TWO, RST)),
        (0, (("10.0.0.1", 40001), TWO)),
        (0, (ONE, ("10.0.0.2", 5316))),
        (0, (ONE, ("10.0.0.2", 5061))),
        (0, (("11.0.0.1", 40000), TWO)),
        (0, (TWO, ONE)),
    ],
    ids=[
        "a byte is missing",
        "a byte comes twice",
        "its stream ends",
        "its stream breaks",
        "from another port",
        "to another port",
        "to the next port",
        "from another host",
        "the other way round",
    ],
)
def test_packets_that_do_not_belong_together_are_told_apart(second: tuple[int, Sequence[object]]) -> None:
    data = sip(1)
    told = split(data, (0, 50, 0, ()), (50, len(data), *second))
    assert [each[1] for each in told] == [data[:50], data[50:]]


def test_two_packets_are_a_pair_only_where_they_hold_just_one_message() -> None:
    data = sip(1) + sip(2)
    for first, last in ((50, len(sip(1)) + 9), (50, len(sip(1)) - 1)):
        assert [each[1] for each in split(data, (0, first, 0, ()), (first, last, 0, ()))] == [
            data[:first],
            data[first:last],
        ]


@pytest.mark.parametrize("flags", [FIN | ACK, SYN, RST])
def test_a_packet_that_begins_or_ends_a_stream_is_no_half_of_a_message(flags: int) -> None:
    data = sip(1)
    told = split(data, (0, 50, 0, (ONE, TWO, flags)), (50, len(data), 0, ()))
    assert [(each[1], each[2]) for each in told] == [(data[:50], flags & ~ACK), (data[50:], 0)]


def test_between_two_packets_of_a_message_nothing_may_end_the_stream() -> None:
    data = sip(1)
    end = (50, 50, 0, (ONE, TWO, FIN | ACK))
    assert len(split(data, (0, 50, 0, ()), end, (50, len(data), 0, ()))) == 3


def test_a_pair_has_at_most_8192_bytes() -> None:
    for size, told in ((8192, 1), (8193, 2)):
        data = sip(1, b"x" * (size - len(sip(1, b"x" * 8000)) + 8000))
        assert len(data) == size
        for first in (100, size - 100):
            assert len(split(data, (0, first, 0, ()), (first, size, 0, ()))) == told
    data = sip(1, b"x" * 9000)
    assert len(split(data, (0, 8193, 0, ()), (8193, len(data), 0, ()))) == 2


REST = b"Content-Length: 0\r\n\r\n"


@pytest.mark.parametrize(
    ("data", "is_told"),
    [
        (b"SIP/2.0 200\r\n" + REST, True),
        (b"SIP/2.0 200 OK\r\n" + REST, True),
        (b"SIP/2.0 20\r\n" + REST, False),
        (b"SIP/2.0 x00 OK\r\n" + REST, False),
        (b"SIP/2.0 2x0 OK\r\n" + REST, False),
        (b"SIP/2.0 20x OK\r\n" + REST, False),
        (b"SIP/2.0 /00 OK\r\n" + REST, False),
        (b"SIP/2.0 2:0 OK\r\n" + REST, False),
        (b"A sip:a SIP/2.0\r\n" + REST, True),
        (b"ZZ sip:a SIP/2.0\r\n" + REST, True),
        (b"@ sip:a SIP/2.0\r\n" + REST, False),
        (b"Z[ sip:a SIP/2.0\r\n" + REST, False),
        (b"M" * 32 + b" sip:a SIP/2.0\r\n" + REST, True),
        (b"M" * 33 + b" sip:a SIP/2.0\r\n" + REST, False),
        (b"OPTIONS/sip:a SIP/2.0\r\n" + REST, False),
        (b" sip:a SIP/2.0\r\n" + REST, False),
        (b"OPTIONS  SIP/2.0\r\n" + REST, False),
        (b"OPTIONS a SIP/2.1\r\n" + REST, False),
        (b"OPTIONS " + b"a" * (8192 - 16) + b" SIP/2.0\r\n" + REST, True),
        (b"OPTIONS " + b"a" * (8193 - 16) + b" SIP/2.0\r\n" + REST, False),
        (b"OPTIONS a\rb SIP/2.0\r\n" + REST, False),
        (b"\r\nOPTIONS a SIP/2.0\r\n" + REST, False),
        (b"\r\n" + REST, False),
        (b"OPTIONS a SIP/2.0\n" + REST, False),
        (b"\nOPTIONS a SIP/2.0\r\n" + REST, False),
        (b"SIP/2.0 200 OK\r\nX: a\n" + REST, False),
        (b"SIP/2.0 200 OK\r\n\n" + REST, False),
        (b"SIP/2.0 200 OK\r\nContent-Length: 000000000\r\n\r\n", True),
        (b"SIP/2.0 200 OK\r\nContent-Length: 0000000000\r\n\r\n", False),
        (b"SIP/2.0 200 OK\r\nContent-Length: \r\n\r\n", False),
        (b"SIP/2.0 200 OK\r\nContent-Length: 0 \r\n\r\n", False),
        (b"SIP/2.0 200 OK\r\ncontent-length: 0\r\n\r\n", False),
        (b"SIP/2.0 200 OK\r\nX: y\r\n\r\n", False),
        (b"SIP/2.0 200 OK\r\nContent-Length: 0\r\nContent-Length: 7\r\n\r\n", True),
        (b"SIP/2.0 200 OK\r\nContent-Length: 0\r\n", False),
        (b"SIP/2.0 200 OK\r\nContent-Length: 0", False),
    ],
)  # fmt: skip
def test_the_length_of_a_message_is_told_where_it_is_usual(data: bytes, is_told: bool) -> None:
    """Content-Length is 0 in all of them, or in the first of two."""
    (segment,) = segments(ethernet(tcp(data, 7)))
    assert segment[1] == data and segment[6] == (len(data) if is_told else 0)


@pytest.mark.parametrize(("more", "is_told"), [(0, True), (1, False)])
def test_a_message_of_more_than_a_mebibyte_is_not_told(more: int, is_told: bool) -> None:
    """The length that it will have, for only its first bytes are there."""
    front = b"SIP/2.0 200 OK\r\nContent-Length: "
    body = (1 << 20) - len(front) - 7 - 4 + more
    (segment,) = segments(ethernet(tcp(front + b"%d\r\n\r\nxyz" % body, 7)))
    assert segment[6] == (len(front) + 7 + 4 + body) * is_told
