from __future__ import annotations

from struct import pack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.captures import START, Bytes, pcap

from sipedge.traces.pcap import Packet, is_pcap, packets
from sipedge.traces.record import Skipped


def read(data: bytes) -> tuple[list[Packet], list[Skipped]]:
    assert is_pcap(data)
    items = list(packets(Bytes(data), "file"))
    return [i for i in items if not isinstance(i, Skipped)], [i for i in items if isinstance(i, Skipped)]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("nanoseconds", [False, True])
def test_packets_with_time_link_type_and_position(order: str, nanoseconds: bool) -> None:
    found, skipped = read(pcap([b"one", b"three"], link=113, order=order, nanoseconds=nanoseconds))
    assert [(round(time, 6), *rest) for time, *rest in found] == [
        (START, 113, b"one", 24),
        (START + 0.001, 113, b"three", 43),
    ]
    assert skipped == []


def test_longer_packet_headers() -> None:
    data = pack("<IHHiIII", 0xA1B2CD34, 2, 4, 0, 0, 65535, 1)
    data += b"".join(pack("<IIII8x", START, number, 3, 3) + b"abc" for number in range(2))
    found, skipped = read(data)
    assert ([packet[2] for packet in found], skipped) == ([b"abc", b"abc"], [])


def test_the_upper_bits_of_the_link_type_are_flags() -> None:
    data = bytearray(pcap([b"x"], link=1))
    data[23] = 0x24
    assert read(bytes(data))[0][0][1] == 1


@pytest.mark.parametrize("end", [1, 10, 16, 18])
def test_a_truncated_file_gives_what_is_whole(end: int) -> None:
    whole = pcap([b"one", b"two"])
    found, skipped = read(whole[: 24 + 19 + end])
    assert ([packet[2] for packet in found], [item.position for item in skipped]) == ([b"one"], [43])


def test_a_file_longer_than_a_block() -> None:
    frames = [bytes([number % 256]) * 1500 for number in range(2000)]
    found, skipped = read(pcap(frames))
    assert ([packet[2] for packet in found], skipped) == (frames, [])
    assert found[-1][3] == 24 + 1999 * 1516


def test_a_broken_header_near_the_end_ends_the_file() -> None:
    found, skipped = read(pcap([b"one"]) + b"\xff" * 60)
    assert (len(found), [item.reason for item in skipped]) == (1, ["a packet header says 4294967295 bytes"])


@given(st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_bytes_behind_the_header(data: bytes) -> None:
    read(pcap([]) + data)
