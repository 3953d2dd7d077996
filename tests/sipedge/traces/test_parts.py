from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from support.messages import answer_to, request
from support.tapped import decided, lines_of
from support.traces import record, write_trace

from sipedge.traces.parts import read_span, spans
from sipedge.traces.reading import read_trace
from tools.bench import logs


def edge_log(path: Path) -> None:
    messages = [request(call_id=str(number), body=b"x" * (number % 50)) for number in range(100)]
    write_trace(path, [record(one) for message in messages for one in (message, answer_to(message, 200))])


def edge_decisions(path: Path) -> None:
    path.write_bytes(lines_of(*(decided(sequence=number) for number in range(1, 201))))


def expressway(path: Path) -> None:
    logs.write(path, 200, logs.expressway)


def snooper(path: Path) -> None:
    logs.write(path, 200, logs.snooper)


@pytest.mark.slow
@pytest.mark.parametrize("write", [edge_log, edge_decisions, expressway, snooper])
@pytest.mark.parametrize("size", [2500, 20_000])
def test_parts_together_are_the_file(tmp_path: Path, write: Callable[[Path], None], size: int) -> None:
    path = tmp_path / "log"
    write(path)
    parts = spans(str(path), size)
    assert len(parts) > 2 and parts[0][0] == 0 and parts[-1][1] == path.stat().st_size
    assert all(first[1] == second[0] for first, second in zip(parts, parts[1:], strict=False))
    whole = list(read_trace(str(path)))
    assert len(whole) == 200
    assert [item for part in parts for item in read_span(str(path), part)] == whole


def test_some_files_are_read_in_one_go(tmp_path: Path) -> None:
    edge_log(tmp_path / "log")
    data = (tmp_path / "log").read_bytes()
    assert spans(str(tmp_path / "log"), len(data)) == []
    (tmp_path / "packed").write_bytes(gzip.compress(data))
    assert spans(str(tmp_path / "packed"), 100) == []
    write_trace(tmp_path / "t.pcap", [record()] * 9)
    assert spans(str(tmp_path / "t.pcap"), 100) == []
    assert spans(str(tmp_path / "missing"), 100) == []
    (tmp_path / "noise").write_bytes(bytes(999))
    assert spans(str(tmp_path / "noise"), 100) == []
