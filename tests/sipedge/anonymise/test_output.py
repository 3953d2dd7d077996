from __future__ import annotations

from pathlib import Path

import pytest
from support.messages import request
from support.traces import record, write_trace

from sipedge.traces.reading import read_trace
from sipedge.traces.records.record import Direction, Endpoint, Item, Record

SIX = {"source": Endpoint("2001:db8::1", 5060), "destination": Endpoint("2001:db8::2", 5061)}
LONG = request(extra=("Content-Type: text/plain",), body=b"x" * 150_000)


def written(path: Path, *records: Record) -> list[Item]:
    return list(read_trace(write_trace(path, records)))


@pytest.mark.parametrize("transport", ["tcp", "tls", "udp"])
@pytest.mark.parametrize("direction", [Direction.SENT, Direction.RECEIVED, Direction.UNKNOWN])
def test_lines_are_read_back(tmp_path: Path, transport: str, direction: Direction) -> None:
    one = record(transport=transport, direction=direction)
    (found,) = written(tmp_path / "t.jsonl", one)
    assert isinstance(found, Record)
    assert found._replace(file="trace", direction=direction) == one


def test_the_zone_of_a_log_stays(tmp_path: Path) -> None:
    (found,) = written(tmp_path / "t.jsonl", record(zone="Partners"))
    assert isinstance(found, Record) and found.zone == "Partners"


def test_lines_hold_what_is_no_text_or_rebuilt(tmp_path: Path) -> None:
    binary = record(request(body=b"\xff\xfe"))
    first, second = written(tmp_path / "t.jsonl", binary, record(exact=False, time=None, source=None))
    assert isinstance(first, Record) and first.data == binary.data and first.exact
    assert isinstance(second, Record) and not second.exact
    assert (second.time, second.source) == (0.0, Endpoint("0.0.0.0", 0))


@pytest.mark.parametrize("ends", [{}, SIX])
@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_captures_are_read_back(tmp_path: Path, transport: str, ends: dict[str, Endpoint]) -> None:
    records = [record(request(call_id=str(number)), transport=transport, **ends) for number in range(3)]
    found = written(tmp_path / "t.pcap", *records)
    assert [(one.time, one.source, one.destination, one.transport, one.data) for one in records] == [
        (one.time, one.source, one.destination, one.transport, one.data) for one in found if isinstance(one, Record)
    ]


def test_a_long_message_takes_several_packets(tmp_path: Path) -> None:
    found = written(tmp_path / "t.pcap", record(LONG), record())
    assert [one.data for one in found if isinstance(one, Record)] == [LONG.to_bytes(), request().to_bytes()]


def test_host_names_have_no_place_in_a_capture(tmp_path: Path) -> None:
    (found,) = written(tmp_path / "t.pcap", record(source=Endpoint("fe01", 5061), exact=False))
    assert isinstance(found, Record) and found.source == Endpoint("0.0.0.0", 5061) and found.transport == "udp"


@pytest.mark.parametrize(
    ("ends", "seen"),
    [
        ({"source": SIX["source"], "destination": None}, "[2001:db8::1]:5060 > [::]:0"),
        ({"source": Endpoint("192.0.2.1", 5060), "destination": SIX["destination"]}, "[::ffff:192.0.2.1]:5060 > [2001"),
    ],
)
def test_both_versions_of_ip_in_one_message(tmp_path: Path, ends: dict[str, Endpoint | None], seen: str) -> None:
    (found,) = written(tmp_path / "t.pcap", record(exact=False, **ends))
    assert isinstance(found, Record) and f"{found.source} > {found.destination}".startswith(seen)


def test_what_is_too_long_for_a_datagram_takes_segments(tmp_path: Path) -> None:
    (found,) = written(tmp_path / "t.pcap", record(LONG, exact=False))
    assert isinstance(found, Record) and found.data == LONG.to_bytes()
