from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from sipedge.tap.rotating_file import MOST_PARTS, RotatingFile


def _written(path: Path, *batches: list[bytes], size: int = 10, count: int = 2) -> None:
    file = RotatingFile(str(path), size, count)
    for batch in batches:
        file.open()
        file.write(batch)
    file.close()


def _texts(path: Path) -> dict[str, bytes]:
    return {found.name: found.read_bytes() for found in path.parent.iterdir()}


def test_files_are_put_aside_and_the_oldest_goes(tmp_path: Path) -> None:
    _written(tmp_path / "log", [b"aaaa\n", b"bbbb\n", b"cccc\n"], [b"dddd\n", b"eeee\n"], [b"ffff\n", b"gggg\n"])
    assert _texts(tmp_path / "log") == {"log": b"gggg\n", "log.1": b"eeee\nffff\n", "log.2": b"cccc\ndddd\n"}


def test_a_line_longer_than_a_file_has_one_of_its_own(tmp_path: Path) -> None:
    _written(tmp_path / "log", [b"a\n", b"b" * 20 + b"\n", b"c\n"])
    assert _texts(tmp_path / "log") == {"log": b"c\n", "log.1": b"b" * 20 + b"\n", "log.2": b"a\n"}


def test_an_old_file_goes_on_and_a_torn_line_is_ended(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"a\nto")
    _written(path, [b"b\n"])
    assert path.read_bytes() == b"a\nto\nb\n"


def test_others_may_not_read_a_new_file(tmp_path: Path) -> None:
    _written(tmp_path / "log", [b"a\n"])
    assert not stat.S_IMODE((tmp_path / "log").stat().st_mode) & stat.S_IRWXO


def test_a_file_that_was_moved_away_is_made_anew_when_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "log"
    file = RotatingFile(str(path), 100, 2)
    file.open()
    file.write([b"a\n"])
    path.rename(tmp_path / "moved")
    file.close()
    file.open()
    file.write([b"b\n"])
    file.close()
    assert _texts(path) == {"moved": b"a\n", "log": b"b\n"}


def test_a_full_disk_is_an_error_and_a_device_is_never_put_aside() -> None:
    file = RotatingFile("/dev/full", 1, 1)
    file.open()
    with pytest.raises(OSError) as raised:
        file.write([b"aaaa\n", b"bbbb\n"])
    assert raised.value.errno == errno.ENOSPC
    file.close()
    assert Path("/dev/full").is_char_device()


@pytest.mark.slow
@examples(50)
@given(st.lists(st.lists(st.integers(1, 30), min_size=1, max_size=20), min_size=1, max_size=10), st.integers(1, 60))
def test_no_line_is_lost_torn_or_out_of_order(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[list[int]], size: int
) -> None:
    path = tmp_path_factory.mktemp("rotation") / "log"
    batches = [[b"x" * length + b"\n" for length in batch] for batch in lengths]
    _written(path, *batches, size=size, count=1000)
    files = sorted(path.parent.iterdir(), key=lambda found: int(found.suffix[1:] or 0), reverse=True)
    texts = [found.read_bytes() for found in files]
    assert b"".join(texts) == b"".join(line for batch in batches for line in batch)
    assert all(len(text) <= size or text.count(b"\n") == 1 for text in texts)


@pytest.mark.parametrize("most", [1, 7, 1 << 20])
def test_a_system_that_takes_less_than_it_is_given_gets_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    lines = [f"{number}\n".encode() for number in range(2 * MOST_PARTS + 3)]
    write, taken = os.write, []

    def writev(file: int, parts: list[memoryview]) -> int:
        taken.append(len(parts))
        return write(file, b"".join(parts)[:most])

    monkeypatch.setattr(os, "writev", writev)
    _written(tmp_path / "log", lines, size=1 << 20)
    assert (tmp_path / "log").read_bytes() == b"".join(lines)
    assert max(taken) == MOST_PARTS  # Linux refuses more than 1024
