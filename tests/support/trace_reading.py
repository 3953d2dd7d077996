"""Reading a trace that stands in a test."""

from __future__ import annotations

from pathlib import Path

from support.captures import Bytes

from sipedge.traces.reading import Reader, detect, read_trace
from sipedge.traces.records.record import Record, Skipped


def read(reader: Reader, trace: bytes) -> tuple[list[Record], list[Skipped]]:
    """By this reader, which must also be the one that is detected."""
    assert detect(trace[:65536]) is reader
    items = list(reader.read(Bytes(trace), "file"))
    return [item for item in items if isinstance(item, Record)], [item for item in items if isinstance(item, Skipped)]


def read_file(path: Path) -> tuple[list[Record], list[Skipped]]:
    """By whatever reader knows it."""
    items = list(read_trace(str(path)))
    return [item for item in items if isinstance(item, Record)], [item for item in items if isinstance(item, Skipped)]


def start_lines(records: list[Record]) -> list[str]:
    return [record.data.partition(b"\r\n")[0].decode() for record in records]


def ends(records: list[Record]) -> list[str]:
    """``10.0.0.1:5060 > 10.0.0.2:5060`` of each."""
    return [f"{record.source} > {record.destination}" for record in records]
