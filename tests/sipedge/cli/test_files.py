from __future__ import annotations

from pathlib import Path

import click
import pytest

from sipedge.cli.files import read_text, replace_text


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
