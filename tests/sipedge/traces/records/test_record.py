from __future__ import annotations

import pytest

from sipedge.traces.records.record import Direction, Endpoint, Record, Skipped, iso_time, transport_named

A, B = Endpoint("10.0.0.1", 5060), Endpoint("2001:db8::1", 5061)


def record(direction: Direction) -> Record:
    return Record(0.0, direction, A, B, "tcp", b"", True, "file", 0)


def test_endpoints_as_text() -> None:
    assert [str(A), str(B), str(Endpoint("fe01"))] == ["10.0.0.1:5060", "[2001:db8::1]:5061", "fe01"]


def test_whose_side_a_record_is_on() -> None:
    assert (record(Direction.SENT).local, record(Direction.SENT).peer) == (A, B)
    assert (record(Direction.RECEIVED).local, record(Direction.RECEIVED).peer) == (B, A)
    assert (record(Direction.UNKNOWN).local, record(Direction.UNKNOWN).peer) == (None, None)


def test_what_was_skipped_says_where() -> None:
    assert str(Skipped("a.pcap", 24, "it is broken")) == "a.pcap: at byte 24: it is broken"


def test_times() -> None:
    assert iso_time(1714979290.274) == "2024-05-06T07:08:10.274000Z"
    assert iso_time(0.0) == "1970-01-01T00:00:00.000000Z"
    assert [iso_time(None), iso_time(1e300), iso_time(float("inf")), iso_time(float("nan"))] == [None] * 4


@pytest.mark.parametrize(("text", "transport"), [("TCP", "tcp"), ("udp", "udp"), ("WSS", "wss"), ("", ""), ("X25", "")])
def test_transports_have_the_names_of_sip(text: str, transport: str) -> None:
    assert transport_named(text) == transport
