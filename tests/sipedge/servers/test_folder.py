"""The folder of generated files: private, replaced whole, left alone when nothing changes."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from sipedge.servers.folder import Owner, owner_for, write_folder


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_folder_and_files_are_for_one_user_only(tmp_path: Path) -> None:
    folder = tmp_path / "edge.xmpp" / "outside"
    write_folder(str(folder), {"a": b"1"}, None)
    assert (_mode(folder), _mode(folder / "a"), (folder / "a").read_bytes()) == (0o700, 0o600, b"1")


def test_a_file_that_is_alike_is_left_alone_and_others_stay(tmp_path: Path) -> None:
    write_folder(str(tmp_path), {"a": b"1", "b": b"2"}, None)
    before = (tmp_path / "a").stat().st_ino
    write_folder(str(tmp_path), {"a": b"1", "b": b"3"}, None)
    assert (tmp_path / "a").stat().st_ino == before
    assert sorted(os.listdir(tmp_path)) == ["a", "b"] and (tmp_path / "b").read_bytes() == b"3"


def test_a_link_that_somebody_has_put_there_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"kept")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.new").symlink_to(target)
    write_folder(str(folder), {"a": b"1"}, None)
    assert target.read_bytes() == b"kept" and (folder / "a").read_bytes() == b"1"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_root_gives_everything_to_the_user_of_the_engine(tmp_path: Path) -> None:
    write_folder(str(tmp_path / "f"), {"a": b"1"}, Owner("nobody", 65534, 65534))
    assert {(tmp_path / name).stat().st_uid for name in ("f", "f/a")} == {65534}
    assert owner_for("no-such-user-at-all") is None
