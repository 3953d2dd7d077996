from __future__ import annotations

from pathlib import Path

import pytest
from support.captures import sip
from support.trace_reading import ends, read, read_file

from sipedge.traces.formats import ngrep

HEAD = b"interface: eth0 (10.0.0.0/255.0.0.0)\nfilter: (ip or ip6) and ( port 5060 )\n####\n"


def packet(line: bytes, data: bytes) -> bytes:
    return line + b"\n" + data.replace(b"\r\n", b".\n") + b"\n#\n"


def test_datagrams_and_segments() -> None:
    log = HEAD + packet(b"U 2024/05/06 07:08:10.250000 10.0.0.1:5060 -> 10.0.0.2:5060 #1", sip(1, b"v=0\r\ns=-\r\n"))
    log += packet(b"T 10.0.0.1:1 -> 10.0.0.2:5061 [AP] #2", sip(2)) + b"exit\n"
    records, skipped = read(ngrep, log)
    assert [record.data for record in records] == [sip(1, b"v=0\r\ns=-\r\n"), sip(2)]
    assert [(record.time, record.transport, record.exact) for record in records] == [
        (1714979290.25, "udp", False),
        (None, "tcp", False),
    ]
    assert ends(records) == ["10.0.0.1:5060 > 10.0.0.2:5060", "10.0.0.1:1 > 10.0.0.2:5061"]
    assert skipped == []


def test_a_message_in_two_segments_of_one_direction() -> None:
    data = sip(1, b"v=0\r\ns=-\r\n")
    there, back = b"T 10.0.0.1:1 -> 10.0.0.2:5061 [AP]", b"T 10.0.0.2:5061 -> 10.0.0.1:1 [AP]"
    log = packet(there, data[:-5]) + packet(back, sip(9)) + packet(there, data[-5:])
    records, skipped = read(ngrep, log)
    assert [record.data for record in records] == [sip(9), data]
    assert skipped == []


def test_a_message_without_its_rest_is_told() -> None:
    there = b"T 10.0.0.1:1 -> 10.0.0.2:5061 [AP]"
    records, skipped = read(ngrep, packet(there, sip(1, b"x" * 90)[:-50]) + packet(there, sip(2)))
    assert [record.data for record in records] == [sip(2)]
    assert [item.position for item in skipped] == [0]


def test_ipv6_has_no_brackets() -> None:
    records, _ = read(ngrep, packet(b"U 2001:db8::1:5060 -> 2001:db8::2:5061 #1", sip(1)))
    assert ends(records) == ["[2001:db8::1]:5060 > [2001:db8::2]:5061"]


def test_other_payload_is_left_in_silence() -> None:
    records, skipped = read(ngrep, packet(b"U 10.0.0.1:1 -> 10.0.0.2:2", b"....RTP..."))
    assert (records, skipped) == ([], [])


THERE = b"T 10.0.0.1:1 -> 10.0.0.2:5061 [AP]"


@pytest.mark.parametrize("place", [60, 230, 300])
def test_messages_that_share_segments_are_told_apart(place: int) -> None:
    data = sip(1, b"hello") + sip(2, b"x" * 50) + sip(3)
    records, skipped = read(ngrep, packet(THERE, data[:place]) + packet(THERE, data[place:]))
    assert [record.data for record in records] == [sip(1, b"hello"), sip(2, b"x" * 50), sip(3)]
    assert (skipped, records[0].position) == ([], 0)


def test_a_lost_segment_costs_the_messages_it_is_part_of() -> None:
    data = sip(1, b"x" * 300) + sip(2, b"y" * 300) + sip(3)
    lost = packet(THERE, data[:250]) + packet(THERE, data[700:])
    records, skipped = read(ngrep, lost + packet(THERE, sip(4)))
    assert [record.data for record in records] == [sip(3), sip(4)]
    assert [item.position for item in skipped] == [0]


def test_a_segment_that_goes_on_with_an_unknown_message() -> None:
    records, _ = read(ngrep, packet(THERE, sip(1)) + packet(THERE, b"A SIP/2.0" + sip(2)))
    assert [record.data for record in records] == [sip(1), sip(2)]


def test_colours_are_taken_off(tmp_path: Path) -> None:
    text = (
        b"interface: any\n####\n\x1b[1m\x1b[32mU 2024/05/06 07:08:10.250000 10.0.0.1:5060 -> 10.0.0.2:5061\x1b[0m\n"
        + b"\x1b[31m" + sip(1).replace(b"\r\n", b".\x1b[0m\n\x1b[33m") + b"\x1b[0m\n"
    )  # fmt: skip
    (tmp_path / "x.txt").write_bytes(text)
    records, skipped = read_file(tmp_path / "x.txt")
    assert [(record.data, record.time) for record in records] == [(sip(1), 1714979290.25)]
    assert text[records[0].position :].startswith(b"U 2024") and skipped == []
