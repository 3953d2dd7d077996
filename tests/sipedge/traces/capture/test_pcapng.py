from __future__ import annotations

from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.captures import START, Bytes, block, enhanced, interface, pcapng, section
from support.examples import examples

from sipedge.traces.capture.pcap import Packet
from sipedge.traces.capture.pcapng import Secrets, is_pcapng, packets
from sipedge.traces.records.record import Skipped


def read(data: bytes) -> list[Packet | Skipped | Secrets]:
    assert is_pcapng(data)
    return list(packets(Bytes(data), "file"))


@pytest.mark.parametrize("order", ["<", ">"])
def test_packets_with_time_link_type_and_position(order: str) -> None:
    found = read(pcapng([b"one", b"three"], link=276, order=order))
    assert found == [(START, 276, b"one", 48), (START + 0.001, 276, b"three", 84)]


def test_sections_and_interfaces_have_their_own_ways() -> None:
    resolution = pack("<HHB3x", 9, 1, 9) + pack("<HHq", 14, 8, 1000) + pack("<HH", 0, 0)
    binary = pack("<HHB3x", 9, 1, 0x80 | 10)
    data = section() + interface(1) + interface(101, options=resolution) + interface(113, options=binary)
    data += (
        enhanced(b"a", 5_000_000, number=0) + enhanced(b"b", 5_000_000_000, number=1) + enhanced(b"c", 5120, number=2)
    )
    data += section(">") + interface(12, ">") + enhanced(b"d", 6_000_000, ">")
    assert [item[:3] for item in read(data) if isinstance(item, tuple)] == [
        (5.0, 1, b"a"),
        (1005.0, 101, b"b"),
        (5.0, 113, b"c"),
        (6.0, 12, b"d"),
    ]


def test_simple_and_old_packets_and_what_is_passed_over() -> None:
    names, statistics, unknown = block(4, b"names"), block(5, b"statistics"), block(0x0BAD, b"custom")
    data = section() + interface(1, snaplen=4) + names + enhanced(b"x", 7_000_000) + statistics + unknown
    data += block(3, pack("<I", 6) + b"abcd") + block(2, pack("<HHIIII", 0, 0, 0, 8_000_000, 3, 3) + b"old")
    assert [item[:3] for item in read(data) if isinstance(item, tuple)] == [
        (7.0, 1, b"x"),
        (7.0, 1, b"abcd"),
        (8.0, 1, b"old"),
    ]


def test_tls_secrets_are_told_others_not() -> None:
    keys = block(0x0A, pack("<II", 0x544C534B, 4) + b"keys")
    other = block(0x0A, pack("<II", 0x57474B4C, 4) + b"keys")
    assert read(section() + other + keys) == [Secrets(b"keys")]


def test_a_packet_of_an_unknown_interface_costs_itself() -> None:
    found = read(section() + enhanced(b"a", 1) + interface() + enhanced(b"b", 2_000_000))
    assert isinstance(found[0], Skipped) and found[0].position == 28
    assert isinstance(found[1], tuple) and found[1][2] == b"b"


def test_a_truncated_file_gives_what_is_whole() -> None:
    found = read(pcapng([b"one", b"two"])[:-5])
    assert isinstance(found[0], tuple) and found[0][2] == b"one"
    assert [item.reason for item in found if isinstance(item, Skipped)] == ["the file ends inside a block"]


def test_a_file_longer_than_a_block_of_reading() -> None:
    frames = [bytes([number % 256]) * 1500 for number in range(2000)]
    assert [item[2] for item in read(pcapng(frames)) if isinstance(item, tuple)] == frames


FRAMES = [bytes((number + 1, 0, 0, 0, number % 3)) * (20 + number) for number in range(60)]


def frames_and_reasons(data: bytes) -> tuple[list[bytes], list[str]]:
    found = read(data)
    return (
        [item[2] for item in found if not isinstance(item, Skipped | Secrets)],
        [item.reason for item in found if isinstance(item, Skipped)],
    )


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("missing", range(1, 9))
def test_bytes_that_are_missing_cost_their_block_and_no_more_than_its_neighbour(order: str, missing: int) -> None:
    data = pcapng(FRAMES, order=order)
    for place in range(data.index(FRAMES[30]) - 28, data.index(FRAMES[31]) - 28, 7):
        frames, reasons = frames_and_reasons(data[:place] + data[place + missing :])
        assert len(set(frames) & set(FRAMES)) >= len(FRAMES) - 2
        assert len(reasons) == 1 and "bytes are passed over" in reasons[0]


@pytest.mark.slow
@pytest.mark.parametrize("noise", [b"\xff", b"\0", b"\6\0\0\0", bytes(range(256))])
def test_much_that_is_none_is_passed_over(noise: bytes) -> None:
    data = pcapng(FRAMES)
    place = data.index(FRAMES[30]) - 28
    frames, reasons = frames_and_reasons(data[:place] + noise * (3_000_000 // len(noise)) + data[place:])
    assert frames == FRAMES
    assert len(reasons) == 1 and "bytes are passed over" in reasons[0]


def test_a_length_that_reaches_behind_the_end_of_the_file_costs_its_block() -> None:
    data = bytearray(pcapng(FRAMES))
    place = data.index(FRAMES[30]) - 28
    data[place + 4 : place + 8] = pack("<I", 10_000_000)
    assert frames_and_reasons(bytes(data))[0] == FRAMES[:30] + FRAMES[31:]


def test_the_rest_that_is_not_read_is_told() -> None:
    frames, reasons = frames_and_reasons(pcapng(FRAMES) + b"\xff" * 60)
    assert frames == FRAMES
    assert reasons == ["a block states no sound length: the rest of the file (60 bytes) is not read"]


@given(st.binary(max_size=200))
@examples(100)
def test_any_bytes_behind_the_header(data: bytes) -> None:
    read(section() + data)
