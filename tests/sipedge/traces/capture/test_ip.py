from __future__ import annotations

import time as clock
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.captures import ip
from support.examples import examples

from sipedge.traces.capture.ip import REASSEMBLY, Datagrams

A, B = "10.0.0.1", "10.0.0.2"


def payload(datagrams: Datagrams, packet: bytes, time: float = 0.0) -> bytes | None:
    found = datagrams.find(packet, 0, 0, time)
    if found is None:
        return None
    _, _, data, start, end, _ = found
    return data[start:end]


def test_protocol_addresses_and_place() -> None:
    found = Datagrams().find(b"xx" + ip(A, B, 17, b"payload") + b"padding", 2, 99, 0.0)
    assert found is not None
    protocol, addresses, data, start, end, position = found
    assert (protocol, addresses, position) == (17, bytes((10, 0, 0, 1, 10, 0, 0, 2)), 99)
    assert data[start:end] == b"payload"


def test_options_and_a_length_left_to_the_card() -> None:
    packet = bytearray(ip(A, B, 6, b"optpayload"))
    packet[0] = 0x46
    packet[20:20] = b"\1\1\1\1"
    packet[2:4] = b"\0\0"
    assert payload(Datagrams(), bytes(packet)) == b"optpayload"


@pytest.mark.parametrize("inner", [ip(A, B, 6, b"in"), ip("::1", "::2", 6, b"in")])
@pytest.mark.parametrize("outer", [(A, B), ("2001:db8::1", "2001:db8::2")])
def test_ip_in_ip(inner: bytes, outer: tuple[str, str]) -> None:
    packet = ip(*outer, 4 if inner[0] >> 4 == 4 else 41, inner)
    assert payload(Datagrams(), packet) == b"in"


def test_nesting_is_bounded() -> None:
    packet = ip(A, B, 6, b"in")
    for _ in range(20):
        packet = ip(A, B, 4, packet)
    assert payload(Datagrams(), packet) is None


def test_fragments_of_ipv6() -> None:
    def fragment(place: int, more: int, data: bytes) -> bytes:
        return ip("2001:db8::1", "2001:db8::2", 44, pack(">BxHI", 17, place | more, 77) + data)

    datagrams = Datagrams()
    assert payload(datagrams, fragment(16, 0, b"C" * 5)) is None
    assert payload(datagrams, fragment(0, 1, b"A" * 8)) is None
    assert payload(datagrams, fragment(8, 1, b"B" * 8)) == b"A" * 8 + b"B" * 8 + b"C" * 5
    assert payload(datagrams, fragment(0, 0, b"atomic")) == b"atomic"
    assert list(datagrams.incomplete) == []


def test_datagrams_with_the_same_identity_of_others_are_kept_apart() -> None:
    datagrams = Datagrams()
    assert payload(datagrams, ip(A, B, 17, b"A" * 8, fragment=0x2000)) is None
    assert payload(datagrams, ip(B, A, 17, b"B" * 8, fragment=1)) is None
    assert len(list(datagrams.incomplete)) == 2


def test_waiting_fragments_are_bounded() -> None:
    datagrams = Datagrams(limit=3)
    for identity in range(10):
        datagrams.find(ip(A, B, 17, b"A" * 8, fragment=0x2000, identity=identity), 0, identity, 0.0)
    assert list(datagrams.incomplete) == [0, 1, 2, 7, 8, 9]


def test_a_ping_of_death_is_no_datagram() -> None:
    datagrams = Datagrams()
    assert payload(datagrams, ip(A, B, 17, b"A" * 1000, fragment=0x1FFF)) is None


def test_fragments_of_different_times_are_not_put_together() -> None:
    datagrams = Datagrams()
    assert payload(datagrams, ip(A, B, 17, b"A" * 8, fragment=0x2000), 1000.0) is None
    assert payload(datagrams, ip(A, B, 17, b"B" * 8, fragment=0x2000), 1000.0 + REASSEMBLY) is None
    assert len(list(datagrams.incomplete)) == 2
    assert payload(datagrams, ip(A, B, 17, b"b", fragment=1), 1030.0 + REASSEMBLY) == b"B" * 8 + b"b"
    assert len(list(datagrams.incomplete)) == 1


def test_tiny_fragments_do_not_take_long() -> None:
    datagrams = Datagrams()
    packets = [ip(A, B, 17, bytes(8), fragment=8000)]
    packets += [ip(A, B, 17, bytes(8), fragment=0x2000 | number) for number in range(8000)]
    start = clock.process_time()
    found = [payload(datagrams, packet) for packet in packets]
    assert clock.process_time() - start < 1
    assert found[:-1] == [None] * 8000 and found[-1] == bytes(8 * 8001)


@pytest.mark.parametrize("size", [3, 13])
def test_a_gap_smaller_than_a_unit_is_one(size: int) -> None:
    datagrams = Datagrams()
    assert payload(datagrams, ip(A, B, 17, b"z" * 5, fragment=2)) is None
    assert payload(datagrams, ip(A, B, 17, b"x" * size, fragment=0x2000)) is None
    assert payload(datagrams, ip(A, B, 17, b"y" * 16, fragment=0x2000 | 0)) == b"y" * 16 + b"z" * 5


@given(st.data())
@examples(100)
def test_fragments_in_any_order_repeated_and_overlapping(data: st.DataObject) -> None:
    whole = data.draw(st.binary(min_size=9, max_size=120))
    cuts = sorted({0, *(cut * 8 for cut in data.draw(st.lists(st.integers(0, len(whole) // 8), max_size=6)))})
    cuts = [cut for cut in cuts if cut < len(whole)]
    spans = list(zip(cuts, [*cuts[1:], len(whole)], strict=True))
    spans += [(start, min(end + 8, len(whole))) for start, end in spans if data.draw(st.booleans())]
    if len(cuts) == 1:
        return
    datagrams, results = Datagrams(), []
    for start, end in data.draw(st.permutations(spans)):
        flags = (0x2000 if end < len(whole) else 0) | start // 8
        results.append(payload(datagrams, ip(A, B, 17, whole[start:end], fragment=flags)))
    assert whole in results
    assert {result for result in results if result is not None} == {whole}


@given(st.binary(max_size=120))
@examples(200)
def test_any_bytes(data: bytes) -> None:
    for first in (b"\x45", b"\x60", b""):
        Datagrams().find(first + data, 0, 0, 0.0)


def test_a_length_that_leaves_no_room_is_counted() -> None:
    datagrams = Datagrams()
    for position, length in ((5, 20), (9, 3)):
        packet = bytearray(ip(A, B, 6, b"lost"))
        packet[2:4] = pack(">H", length)
        assert datagrams.find(bytes(packet), 0, position, 0.0) is None
    assert datagrams.unread == {"IP packets whose length leaves no room for what they carry": (2, 5)}


def test_a_length_that_was_too_large_for_its_field_is_that_of_the_packet() -> None:
    packet = bytearray(ip(A, B, 6, bytes(65_000)) + bytes(5_000))
    packet[2:4] = pack(">H", len(packet) & 0xFFFF)
    assert payload(Datagrams(), bytes(packet)) == bytes(70_000)
