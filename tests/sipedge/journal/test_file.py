"""The file of a journal: what is read back, whatever happened to it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from sipedge.journal import file as file_module
from sipedge.journal.file import HEADER, JournalFile


def read(path: Path) -> dict[str, bytes]:
    file = JournalFile(str(path))
    try:
        return file.open()
    finally:
        file.close()


def write(path: Path, *changes: dict[str, bytes | None]) -> None:
    file = JournalFile(str(path))
    file.open()
    for change in changes:
        file.append(change)
    file.close()


def test_the_last_change_of_each_key_counts(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    write(path, {"a": b"1", "b": b'{"x": 1}'}, {"a": b"2", "c": b""}, {"b": None, "never": None})
    assert read(path) == {"a": b"2", "c": b""}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_does_not_count_any_more_is_gone_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    write(path, *({"a": b"%d" % number} for number in range(100)))
    before = path.stat().st_size
    read(path)
    assert path.stat().st_size < before / 20
    assert sorted(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("cut", range(1, 40))
def test_a_file_that_broke_off_anywhere_keeps_the_lines_before(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "journal"
    write(path, {"a": b"1"}, {"a": b"a longer one"}, {"b": b"3"})
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    found = read(path)
    assert set(found) <= {"a", "b"}
    assert found.get("a", b"1") in (b"1", b"a longer one") and "b" not in found


def test_a_damaged_line_is_passed_over_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    write(path, {"a": b"1"}, {"b": b"2"}, {"c": b"3"})
    path.write_bytes(path.read_bytes().replace(b"b 2", b"b 9"))
    file = JournalFile(str(path))
    assert file.open() == {"a": b"1", "c": b"3"}
    assert file.unreadable == 1
    file.close()


def test_it_is_compacted_when_it_has_become_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_module, "SPARE", 1000)
    path = tmp_path / "journal"
    file = JournalFile(str(path))
    file.open()
    for number in range(1000):
        file.append({"a": b"x" * 50, "b": b"%d" % number})
        assert path.stat().st_size < 2000
    file.close()
    assert read(path) == {"a": b"x" * 50, "b": b"999"}


@pytest.mark.parametrize("data", [b"[edge]\n", b"x", b"sipedge journal 2\n"])
def test_another_file_is_left_alone(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "edge.toml"
    path.write_bytes(data)
    with pytest.raises(OSError, match="it is no journal"):
        read(path)
    assert path.read_bytes() == data


@pytest.mark.parametrize("length", range(len(HEADER)))
def test_an_empty_one_or_one_that_was_just_begun_is_taken(tmp_path: Path, length: int) -> None:
    path = tmp_path / "journal"
    path.write_bytes(HEADER[:length])
    assert read(path) == {}


def test_two_edges_do_not_share_one(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    file = JournalFile(str(path))
    file.open()
    with pytest.raises(OSError, match="in use by another edge"):
        read(path)
    file.append({"a": b"1"})
    file.close()
    assert read(path) == {"a": b"1"}


def test_a_full_disk_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "journal"
    file = JournalFile(str(path))
    file.open()
    file.append({"a": b"1"})
    write_really = os.write

    def half(number: int, data: bytes) -> int:
        if len(data) > 10:
            return write_really(number, bytes(data)[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(OSError, match="No space"):
        file.append({"b": b"2"})
    monkeypatch.undo()
    file.append({"c": b"3"})
    file.close()
    assert read(path) == {"a": b"1", "c": b"3"}
