from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from support.captures import ethernet, pcap, sip, udp

from sipedge.traces.reading import TraceError, detect, read_trace
from sipedge.traces.records.record import Record, Skipped


def test_a_trace_is_read_by_the_reader_that_knows_it(tmp_path: Path) -> None:
    path = tmp_path / "x.pcap.gz"
    path.write_bytes(gzip.compress(pcap([ethernet(udp(sip(1)))])))
    (record,) = read_trace(str(path))
    assert isinstance(record, Record)
    assert (record.data, record.file, record.position) == (sip(1), str(path), 24)


def test_a_damaged_end_is_told_last(tmp_path: Path) -> None:
    path = tmp_path / "x.pcap.gz"
    packed = gzip.compress(pcap([ethernet(udp(sip(number))) for number in range(3)]))
    path.write_bytes(packed[:-9])
    *records, failure = read_trace(str(path))
    assert len(records) == 3
    assert isinstance(failure, Skipped)


@pytest.mark.parametrize("data", [b"", b"\0" * 100, b"hello\n", b"\xd4\xc3\xb2\xa1", bytes(range(256)) * 9])
def test_what_no_reader_knows(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(data)
    assert detect(data) is None
    with pytest.raises(TraceError, match="empty" if not data else "no known trace format"):
        list(read_trace(str(path)))
