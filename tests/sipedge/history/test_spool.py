"""The file of decisions read as it grows, through what happens to it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.decisions import record, write

from sipedge.history import spool
from sipedge.history.spool import Spool
from sipedge.history.wish import Position
from sipedge.tap.json_lines import DecisionsFile
from sipedge.tap.rotating_file import RotatingFile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "decisions.jsonl"


def _all(reader: Spool) -> list[int]:
    numbers: list[int] = []
    while (batch := reader.read()) is not None:
        numbers += [fields["sequence"] for fields in batch.records]
    return numbers


def _write(path: Path, *numbers: int) -> None:
    write(path, map(record, numbers))


def test_what_comes_is_read_once(path: Path) -> None:
    reader = Spool(str(path), Position())
    assert reader.read() is None, "there is no file yet"
    _write(path, 1, 2)
    assert _all(reader) == [1, 2] and reader.read() is None
    _write(path, 3)
    assert _all(reader) == [3]
    reader.close()


def test_a_line_that_has_no_end_yet_is_read_when_it_has(path: Path) -> None:
    reader = Spool(str(path), Position())
    _write(path, 1, 2)
    whole = path.read_bytes()
    path.write_bytes(whole[:-7])
    assert _all(reader) == [1]
    with path.open("ab") as file:
        file.write(whole[-7:])
    assert _all(reader) == [2]
    reader.close()


def test_a_restart_goes_on_where_reading_ended(path: Path) -> None:
    _write(path, 1, 2, 3)
    reader = Spool(str(path), Position())
    assert _all(reader) == [1, 2, 3]
    reader.close()
    _write(path, 4)
    again = Spool(str(path), reader.position)
    assert _all(again) == [4]
    again.close()


@pytest.mark.parametrize("stopped", [False, True])
def test_rotations_lose_nothing(path: Path, stopped: bool) -> None:
    """By the very code that rotates; whether the reader looks after each line, or only at the end."""
    output = DecisionsFile(RotatingFile(str(path), 3000, 10))
    output.open()
    reader = Spool(str(path), Position())
    seen: list[int] = []
    for number in range(1, 21):
        output.write([_line(number)])
        if not stopped or number == 3:
            seen += _all(reader)
    assert seen + _all(reader) == list(range(1, 21))
    assert path.with_name("decisions.jsonl.4").exists(), "it was rotated"
    output.close()
    reader.close()


def _line(number: int) -> bytes:
    return json.dumps(record(number), separators=(",", ":")).encode() + b"\n"


def test_what_was_rotated_away_is_a_gap_with_its_size(path: Path) -> None:
    reader = Spool(str(path), Position())
    _write(path, 1, 2)
    assert _all(reader) == [1, 2]
    path.unlink()
    _write(path, 9, 10)
    batch = reader.read()
    assert batch is not None and [gap.count for gap in batch.gaps] == [6]
    assert batch.gaps[0].time == batch.records[0]["time"]
    reader.close()


def test_a_dead_reader_finds_its_file_under_another_name(path: Path) -> None:
    _write(path, 1, 2)
    reader = Spool(str(path), Position())
    assert _all(reader) == [1, 2]
    reader.close()
    _write(path, 3)
    path.rename(f"{path}.2")
    write(path.with_name("decisions.jsonl.1"), [record(4)])
    _write(path, 5)
    again = Spool(str(path), reader.position)
    assert _all(again) == [3, 4, 5]
    again.close()


def test_a_file_that_was_emptied_is_read_from_its_beginning(path: Path) -> None:
    reader = Spool(str(path), Position())
    _write(path, 1, 2, 3)
    assert _all(reader) == [1, 2, 3]
    path.write_bytes(b"")
    assert _all(reader) == []
    _write(path, 4)
    assert _all(reader) == [4]
    reader.close()


def test_an_edge_that_counts_anew_makes_no_gap(path: Path) -> None:
    _write(path, 7, 8, 1, 2)
    reader = Spool(str(path), Position())
    batch = reader.read()
    assert batch is not None and batch.gaps == () and len(batch.records) == 4
    reader.close()


@pytest.mark.parametrize("line", [b"[1]\n", b"{}\n", b'{"format":9}\n', b"\xff\xfe\n", b"[" * 100_000 + b"\n", b"1\n"])
def test_what_is_no_record_is_counted_and_left_out(path: Path, line: bytes) -> None:
    path.write_bytes(line)
    _write(path, 1)
    reader = Spool(str(path), Position())
    batch = reader.read()
    assert batch is not None and batch.unread == 1 and len(batch.records) == 1
    reader.close()


def test_a_line_without_end_is_passed_over(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "READ", 1024)
    monkeypatch.setattr(spool, "BYTES", 4096)
    path.write_bytes(b"x" * 10_000 + b"\n")
    _write(path, 1, 2)
    reader = Spool(str(path), Position())
    assert _all(reader) == [1, 2]
    reader.close()
