from __future__ import annotations

import os
from pathlib import Path

from support.configuration import write

from sipedge.config.console_table import read_console
from sipedge.console.watch.room import folders_of, free_in


def test_the_folders_are_those_that_edge_and_console_write_to(tmp_path: Path) -> None:
    config = write(tmp_path, '[log]\ndecisions = "spool/decisions.jsonl"\nmessages = "/var/log/messages"\n')
    expected = [f"{tmp_path}/edge.console", str(tmp_path), f"{tmp_path}/spool", "/var/log"]
    assert folders_of(read_console(str(config))) == expected


def test_a_file_system_counts_once_and_what_is_not_there_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    found = free_in([f"{tmp_path}/none", str(tmp_path), f"{tmp_path}/other", "/proc"])
    room = os.statvfs(tmp_path)
    assert list(found) == [str(tmp_path)] and abs(found[str(tmp_path)] - 100 * room.f_bavail / room.f_blocks) < 5
