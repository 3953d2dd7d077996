from __future__ import annotations

import os
from pathlib import Path

import pytest

from sipedge.config.reading.texts import Drafted, OnDisk


def test_files_are_read_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "edge.toml").write_text("text")
    assert OnDisk().read(str(tmp_path / "edge.toml")) == b"text"
    with pytest.raises(FileNotFoundError):
        OnDisk().read(str(tmp_path / "nothing"))


def test_a_link_of_a_person_is_followed(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other/one.toml").write_text("text")
    (tmp_path / "two.toml").symlink_to("other/one.toml")
    (tmp_path / "three.toml").symlink_to("two.toml")
    assert OnDisk().read(str(tmp_path / "three.toml")) == b"text"


def test_one_reading_sees_one_folder_behind_links_even_while_it_is_swapped(tmp_path: Path) -> None:
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        for file in ("a", "b"):
            (tmp_path / name / file).write_text(name)
    for file in ("a", "b"):
        (tmp_path / file).symlink_to(f"live/{file}")
    (tmp_path / "live").symlink_to("old")
    reading = OnDisk()
    assert reading.read(str(tmp_path / "a")) == b"old"
    (tmp_path / "next").symlink_to("new")
    os.replace(tmp_path / "next", tmp_path / "live")
    assert reading.read(str(tmp_path / "b")) == b"old"
    assert OnDisk().read(str(tmp_path / "b")) == b"new"


def test_a_draft_stands_in_the_place_of_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_text("disk")
    (tmp_path / "b").write_text("disk")
    monkeypatch.chdir(tmp_path)
    drafted = Drafted({"a": "draft"})
    assert drafted.read(str(tmp_path / "a")) == b"draft" and drafted.read("b") == b"disk"
