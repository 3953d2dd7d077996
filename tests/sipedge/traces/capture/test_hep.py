from __future__ import annotations

import zlib
from struct import pack

import pytest
from support.captures import sip
from support.trace_reading import ends, read

from sipedge.traces.capture import hep


def chunk(kind: int, value: bytes, vendor: int = 0) -> bytes:
    return pack(">HHH", vendor, kind, 6 + len(value)) + value


def packet(*chunks: bytes) -> bytes:
    body = b"".join(chunks)
    return b"HEP3" + pack(">H", 6 + len(body)) + body


IPV4 = chunk(1, b"\x02") + chunk(2, b"\x06") + chunk(3, bytes((10, 0, 0, 1))) + chunk(4, bytes((10, 0, 0, 2)))
IPV6 = chunk(1, b"\x0a") + chunk(2, b"\x11") + chunk(5, bytes(15) + b"\x01") + chunk(6, bytes(15) + b"\x02")
REST = chunk(7, b"\x13\xc4") + chunk(8, b"\x13\xc5") + chunk(9, pack(">I", 1714979290)) + chunk(10, pack(">I", 250_000))
SIP = chunk(11, b"\x01")


def test_packets_of_both_families_with_chunks_of_others_and_compressed() -> None:
    data = packet(IPV4, REST, SIP, chunk(12, pack(">I", 7)), chunk(1, b"own", vendor=9), chunk(15, sip(1)))
    data += packet(IPV6, REST, SIP, chunk(16, zlib.compress(sip(2))))
    records, skipped = read(hep, data)
    assert [record.data for record in records] == [sip(1), sip(2)]
    assert ends(records) == ["10.0.0.1:5060 > 10.0.0.2:5061", "[::1]:5060 > [::2]:5061"]
    assert [(record.time, record.transport, record.exact) for record in records] == [
        (1714979290.25, "tcp", True),
        (1714979290.25, "udp", True),
    ]
    assert skipped == []


def test_reports_and_keep_alives_are_left_in_silence() -> None:
    data = packet(IPV4, REST, chunk(11, b"\x05"), chunk(15, b"rtcp")) + packet(IPV4, REST, SIP, chunk(15, b"\0\0"))
    assert read(hep, data + packet()) == ([], [])


def test_a_broken_packet_costs_itself() -> None:
    good = packet(IPV4, REST, SIP, chunk(15, sip(1)))
    records, skipped = read(hep, good + b"HEP3\x00\x02garbage" + good + b"noise" + good + good[:50])
    assert [record.data for record in records] == [sip(1)] * 3
    assert [item.position for item in skipped] == [len(good), len(good) * 2 + 13, len(good) * 3 + 18]


def test_a_payload_that_is_no_sip_is_told() -> None:
    records, skipped = read(hep, packet(IPV4, REST, SIP, chunk(15, b"no sip here")))
    assert (records, len(skipped)) == ([], 1)


@pytest.mark.slow
def test_a_small_packet_cannot_claim_gigabytes() -> None:
    bomb = zlib.compress(sip(1) + bytes(50_000_000))
    records, _ = read(hep, packet(IPV4, REST, SIP, chunk(16, bomb)))
    assert len(records[0].data) <= hep.LARGEST_MESSAGE


@pytest.mark.parametrize("more", [-1, 1, 5, 40])
def test_a_packet_whose_chunks_do_not_fill_it_gives_no_part_of_a_message(more: int) -> None:
    good = packet(IPV4, REST, SIP, chunk(15, sip(1)))
    size = 6 + len(sip(2))
    broken = packet(IPV4, REST, SIP, pack(">HHH", 0, 15, size + more) + sip(2))
    records, skipped = read(hep, good + broken + good)
    assert [record.data for record in records] == [sip(1), sip(1)]
    assert [item.position for item in skipped] == [len(good)]


def test_hep_inside_the_payload_of_a_broken_packet_is_no_packet() -> None:
    """HEP may carry HEP, and what is in it was not sent by whom it says."""
    inner = sip(1, b"HEP3" + pack(">H", 40) + b"quoted by somebody in the body of a message")
    broken = packet(IPV4, REST, SIP, pack(">HHH", 0, 15, 9999) + inner)
    records, _ = read(hep, broken + packet(IPV4, REST, SIP, chunk(15, sip(2))))
    assert [record.data for record in records] == [sip(2)]
