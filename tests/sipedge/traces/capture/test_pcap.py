from __future__ import annotations

import tracemalloc
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.captures import START, Bytes, pcap
from support.examples import examples

from sipedge.traces.capture.pcap import Packet, is_pcap, packets
from sipedge.traces.records.record import Skipped


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


NOT_READ = "a packet header says 4294967295 bytes: the rest of the file (60 bytes) is not read"


def test_a_broken_header_near_the_end_ends_the_file() -> None:
    found, skipped = read(pcap([b"one"]) + b"\xff" * 60)
    assert (len(found), [item.reason for item in skipped]) == (1, [NOT_READ])


FRAMES = [bytes((number + 1, 0, 0, 0, number % 3)) * (20 + number) for number in range(60)]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("change", [-7, -1, 1, 50, 400, 65_536, 100_000, 200_000, 1 << 30, 0xFFFFFF00])
def test_a_wrong_length_costs_its_packet_and_no_more_than_its_neighbour(order: str, change: int) -> None:
    data = bytearray(pcap(FRAMES, order=order))
    place = data.index(FRAMES[30]) - 16
    length = len(FRAMES[30]) + change
    data[place + 8 : place + 12] = pack(order + "I", length & 0xFFFFFFFF)
    found, skipped = read(bytes(data))
    assert len({packet[2] for packet in found} & set(FRAMES)) >= len(FRAMES) - 2
    assert len(skipped) == 1 and "bytes are passed over" in skipped[0].reason


def test_a_time_out_of_a_broken_header_is_not_what_others_are_measured_by() -> None:
    data = bytearray(pcap(FRAMES))
    for number in (20, 40, 42):
        place = data.index(FRAMES[number]) - 16
        data[place : place + 4] = pack("<I", 77)
    assert ([packet[2] for packet in read(bytes(data))[0]], read(bytes(data))[1]) == (FRAMES, [])


@pytest.mark.parametrize(("pause", "original"), [(1_000_000, 400), (0, 0)])
def test_captures_with_long_pauses_or_without_original_lengths_are_read(pause: int, original: int) -> None:
    data = bytearray(pcap(FRAMES))
    for number, frame in enumerate(FRAMES):
        place = data.index(frame) - 16
        data[place : place + 16] = pack("<IIII", START + number // 10 * pause, 0, len(frame), original)
    found, skipped = read(bytes(data))
    assert ([packet[2] for packet in found], skipped) == (FRAMES, [])


@pytest.mark.slow
@pytest.mark.parametrize("noise", [b"\xff", b"\0", bytes(range(256))])
def test_much_that_is_none_is_passed_over(noise: bytes) -> None:
    data = pcap(FRAMES)
    place = data.index(FRAMES[30]) - 16
    size = 3_000_000 // len(noise) * len(noise)
    found, skipped = read(data[:place] + noise * (size // len(noise)) + data[place:])
    assert [packet[2] for packet in found if packet[2] in FRAMES] == FRAMES
    assert len(skipped) == 1 and skipped[0].reason.endswith(f"{size} bytes are passed over")


def test_after_a_broken_part_packets_of_another_day_are_found() -> None:
    data = bytearray(pcap(FRAMES))
    for number, frame in enumerate(FRAMES):
        place = data.index(frame) - 16
        data[place : place + 4] = pack("<I", START + (number >= 30) * 1_000_000)
    place = data.index(FRAMES[30]) - 16
    found, skipped = read(bytes(data[:place] + b"\xff" * 999 + data[place:]))
    assert ([packet[2] for packet in found], len(skipped)) == (FRAMES, 1)


def test_a_length_that_reaches_behind_the_end_of_the_file_costs_its_packet() -> None:
    data = bytearray(pcap(FRAMES))
    place = data.index(FRAMES[30]) - 16
    data[place + 8 : place + 16] = pack("<II", 200_000, 200_000)
    found, skipped = read(bytes(data))
    assert ([packet[2] for packet in found], len(skipped)) == (FRAMES[:30] + FRAMES[31:], 1)


@pytest.mark.slow
def test_many_broken_headers_do_not_take_memory() -> None:
    frames = [bytes(20_000)] * 200
    data = bytearray(pcap(frames))
    for number in range(5, 200, 10):
        place = 24 + number * 20_016
        data[place + 8 : place + 12] = b"\xff\xff\xff\x7f"
    one = bytes(data[24:])
    stream = Bytes(bytes(data[:24]) + one * 10)
    tracemalloc.start()
    count = sum(not isinstance(item, Skipped) for item in packets(stream, "file"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 1800
    assert peak < 10 * len(one) * 2 + 10_000_000


@given(st.binary(max_size=200))
@examples(100)
def test_any_bytes_behind_the_header(data: bytes) -> None:
    read(pcap([]) + data)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("step", [-400 * 86_400, -86_400, 25 * 3_600, 2 * 86_400])
def test_packets_may_be_days_apart_in_either_direction(order: str, step: int) -> None:
    data = pack(order + "IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 1)
    for number in range(10):
        data += pack(order + "IIII", START + number * step, 0, 3, 3) + b"abc"
    found, skipped = read(data)
    assert ([packet[0] for packet in found], skipped) == ([START + number * step for number in range(10)], [])


def test_joined_captures_of_two_days_in_turns() -> None:
    times = (START, START - 3 * 86_400, START + 1, START - 3 * 86_400 + 1)
    data = pcap([]) + b"".join(pack("<IIII", time, 0, 3, 3) + b"abc" for time in times)
    found, skipped = read(data)
    assert ([packet[0] for packet in found], skipped) == (list(times), [])
