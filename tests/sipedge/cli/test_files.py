from __future__ import annotations

from pathlib import Path

import click
import pytest

from sipedge.cli.files import new_file, read_text, replace_text


def test_line_ends_stay(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"a\r\nb\n")
    assert read_text(str(file)) == "a\r\nb\n"
    replace_text(str(file), "c\r\nd\n")
    assert file.read_bytes() == b"c\r\nd\n"


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(click.UsageError, match="cannot be read: No such file"):
        read_text(str(tmp_path / "none"))
    with pytest.raises(click.UsageError, match="cannot be written: No such file"):
        replace_text(str(tmp_path / "none" / "x"), "")


def test_what_stood_there_stays_until_all_is_written(tmp_path: Path) -> None:
    file = tmp_path / "out"
    file.write_bytes(b"old")
    with pytest.raises(ZeroDivisionError), new_file(str(file)) as output:
        output.write(b"half")
        1 / 0  # noqa: B018
    assert (file.read_bytes(), list(tmp_path.iterdir())) == (b"old", [file])
    with new_file(str(file)) as output:
        output.write(b"new")
        assert file.read_bytes() == b"old"
    assert (file.read_bytes(), list(tmp_path.iterdir())) == (b"new", [file])


def test_the_input_is_no_output(tmp_path: Path) -> None:
    file = tmp_path / "trace"
    file.write_bytes(b"old")
    (tmp_path / "link").symlink_to(file)
    with (
        pytest.raises(click.UsageError, match="name another file"),
        new_file(str(tmp_path / "link"), [str(tmp_path / "none"), str(file)]),
    ):
        pass
    assert file.read_bytes() == b"old"


def test_a_full_device_is_said() -> None:
    with pytest.raises(click.UsageError, match='"/dev/full" cannot be written: No space'):
        replace_text("/dev/full", "x" * 100_000)
