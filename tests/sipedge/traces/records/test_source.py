from __future__ import annotations

import gzip
import os
import threading
from pathlib import Path

import pytest

from sipedge.traces.records.source import HEAD, Rejoined, Source, TraceError

DATA = bytes(range(256)) * 1000


def drain(source: Source, size: int) -> bytes:
    parts = []
    while part := source.read(size):
        parts.append(part)
    return b"".join(parts)


@pytest.mark.parametrize("size", [1000, HEAD, HEAD + 1, 10**6])
def test_all_bytes_come_after_the_head_was_looked_at(tmp_path: Path, size: int) -> None:
    path = tmp_path / "trace"
    path.write_bytes(DATA)
    with Source(str(path)) as source:
        assert source.head == DATA[:HEAD]
        assert drain(source, size) == DATA
        assert source.failure is None


def test_gzip_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "trace.gz"
    path.write_bytes(gzip.compress(DATA))
    with Source(str(path)) as source:
        assert source.head == DATA[:HEAD]
        assert drain(source, 1000) == DATA


def test_several_members_of_a_gzip_file_are_one(tmp_path: Path) -> None:
    path = tmp_path / "trace.gz"
    path.write_bytes(gzip.compress(DATA) + gzip.compress(b"second") + gzip.compress(bytes(3_000_000)))
    with Source(str(path)) as source:
        assert drain(source, 1000) == DATA + b"second" + bytes(3_000_000)
        assert source.failure is None


def test_a_damaged_gzip_file_gives_what_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "trace.gz"
    packed = gzip.compress(os.urandom(200_000))
    path.write_bytes(packed[: len(packed) // 2])
    with Source(str(path)) as source:
        assert len(drain(source, 1000)) > HEAD
        assert source.failure is not None and "reading ended here" in source.failure.reason


def test_a_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)

    def write() -> None:
        with open(path, "wb", buffering=0) as stream:
            for start in range(0, len(DATA), 5000):
                stream.write(DATA[start : start + 5000])

    writer = threading.Thread(target=write)
    writer.start()
    with Source(str(path)) as source:
        assert source.head == DATA[:HEAD]
        assert drain(source, 4096) == DATA
    writer.join()


@pytest.mark.parametrize("name", ["missing", ".", "a\0b"])
def test_what_cannot_be_opened(tmp_path: Path, name: str) -> None:
    with pytest.raises(TraceError, match="cannot be read"):
        Source(str(tmp_path / name))


def test_rejoined_gives_the_first_bytes_first() -> None:
    class Rest:
        def read(self, size: int, /) -> bytes:
            return b"r" * size

    stream = Rejoined(b"abc", Rest())
    assert [stream.read(2), stream.read(2), stream.read(2)] == [b"ab", b"cr", b"rr"]
