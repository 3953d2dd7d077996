"""How much room there is where edge and console write."""

from __future__ import annotations

import os
from collections.abc import Iterable

from sipedge.config.console_table import ConsoleConfig


def folders_of(config: ConsoleConfig) -> list[str]:
    """The folders that are written to, those of ``[log]`` by the edge; one of each, in that order."""
    log = config.log
    files = [config.path, log.decisions, log.messages, log.expressway]
    return list(
        dict.fromkeys([config.console.folder, *(os.path.dirname(os.path.abspath(each)) for each in files if each)])
    )


def free_in(folders: Iterable[str]) -> dict[str, float]:
    """Folder -> percent of its file system that is free for others than root: the first folder of each file system,
    without those that are not there."""
    found, seen = {}, set[int]()
    for folder in folders:
        try:
            device, room = os.stat(folder).st_dev, os.statvfs(folder)
        except OSError:
            continue
        if room.f_blocks and device not in seen:
            found[folder] = 100.0 * room.f_bavail / room.f_blocks
        seen.add(device)
    return found
