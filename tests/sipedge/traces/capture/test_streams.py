from __future__ import annotations

from struct import pack

import pytest
from support.captures import sip

from sipedge.traces.capture import streams
from sipedge.traces.capture.decryption import TlsSeen
from sipedge.traces.capture.streams import Streams, bucket_of
from sipedge.traces.records.record import Item, Record, Skipped

HEAD = pack(">HHIIBBHHH", 4000, 5060, 1, 0, 0x50, 0x10, 0, 0, 0)
REST = pack(">HHIIBBHHH", 4000, 5060, 101, 0, 0x50, 0x10, 0, 0, 0)


def halves(found: Streams, clients: range, *, rest: bool) -> None:
    """One half of a message of each client."""
    data = REST + sip()[100:] if rest else HEAD + sip()[:100]
    for number in clients:
        found.segment(pack(">II", number, 1), data, 0, len(data), 0.0, number)


@pytest.mark.slow
def test_as_many_open_streams_as_a_busy_server_has_are_read_to_their_end() -> None:
    out: list[Item] = []
    found = Streams(out, "file", TlsSeen())
    halves(found, range(100_000), rest=False)
    halves(found, range(100_000), rest=True)
    assert len(out) == 100_000 and all(isinstance(item, Record) for item in out)


def test_the_streams_of_a_bucket_make_room_for_each_other_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MAX_HELD", 4 * streams.BUCKETS * streams.FLOW_COST)
    ports = HEAD[:4]
    busy = bucket_of(pack(">II", 0, 1), ports)
    beside = (busy + 1) % streams.BUCKETS
    same = [number for number in range(20_000) if bucket_of(pack(">II", number, 1), ports) == busy]
    others = [number for number in range(20_000) if bucket_of(pack(">II", number, 1), ports) == beside]
    out: list[Item] = []
    found = Streams(out, "file", TlsSeen())
    for number in (others[0], *same, others[1]):
        halves(found, range(number, number + 1), rest=False)
    assert len(out) == len(same) - 3 and all(isinstance(item, Skipped) for item in out)
    halves(found, range(others[0], others[0] + 1), rest=True)
    assert isinstance(out[-1], Record)


def test_streams_are_spread_evenly() -> None:
    counts = [0] * streams.BUCKETS
    for number in range(12_800):
        counts[bucket_of(pack(">II", number, 1), HEAD[:4])] += 1
    assert min(counts) > 50 and max(counts) < 160
