from __future__ import annotations

import json
from dataclasses import replace
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.tapped import HEAD, OPENED, OPENED_6, TIME, decided, passed, record_of

from sipedge.proxy.events import ConnectionOpened
from sipedge.tap.hep import LARGEST, Packets
from sipedge.traces.capture import hep
from sipedge.traces.records.record import Record

PACKETS = Packets(7, "sesame", True)


def _read(*packets: bytes) -> list[Record]:
    data = b"".join(packets)
    items = list(hep.read(BytesIO(data), "stream"))
    assert all(isinstance(item, Record) for item in items)
    return [item for item in items if isinstance(item, Record)]


@pytest.mark.parametrize("opened", [OPENED, OPENED_6, replace(OPENED, transport="TCP")])
def test_the_reader_of_traces_reads_it(opened: ConnectionOpened) -> None:
    received, sent = _read(PACKETS.render(passed(opened=opened)), PACKETS.render(passed(sent=True, opened=opened)))
    peer, local = (opened.peer_address, opened.peer_port), (opened.local_address, opened.local_port)
    assert (received.source, received.destination) == (peer, local)
    assert (sent.source, sent.destination) == (local, peer)
    assert (received.data, received.time, received.transport) == (HEAD + b"hello", TIME, opened.transport.lower())


def test_who_sends_stands_in_each_packet() -> None:
    packet = PACKETS.render(passed())
    assert b"\x00\x00\x00\x0c\x00\x0a\x00\x00\x00\x07\x00\x00\x00\x0e\x00\x0csesame" in packet


def test_a_decision_is_a_log_entry_of_its_call() -> None:
    packet = PACKETS.render(decided())
    assert b"\x00\x00\x00\x0b\x00\x07\x64" in packet and b"\x00\x00\x00\x11\x00\x091@a" in packet
    assert json.loads(packet[packet.index(b"{") :]) == record_of(decided())
    assert _read(packet) == []


def test_credentials_are_masked() -> None:
    head = b"A sip:b SIP/2.0\r\nAuthorization: Basic eHl6\r\n\r\n"
    assert b"eHl6" not in PACKETS.render(passed(head, b""))
    assert b"eHl6" in Packets(1, "", False).render(passed(head, b""))


def test_a_packet_that_is_too_long_shows_by_its_length() -> None:
    packet = PACKETS.render(passed(body=b"x" * LARGEST))
    assert len(packet) > LARGEST


@examples(50)
@given(st.lists(st.binary(max_size=300), max_size=5))
def test_any_bodies_come_back(bodies: list[bytes]) -> None:
    read = _read(*(PACKETS.render(passed(body=body)) for body in bodies))
    assert [record.data for record in read] == [HEAD + body for body in bodies]
