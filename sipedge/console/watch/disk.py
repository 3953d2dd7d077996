"""The configuration as its files are now, read when one of them has changed."""

from __future__ import annotations

import os
from collections.abc import Mapping

from anyio import Lock, to_thread

from sipedge.config import ConfigError, load_config
from sipedge.settings import Settings

Marks = Mapping[str, tuple[int, int, int] | None]
"""File -> inode, size and time of its last change; None where it is not there."""


class Disk:
    """Belongs to the event loop; files are read in threads."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = Lock()
        self._marks: Marks = {}
        self._settings: Settings | None = None
        self._problems: list[str] = []

    async def settings(self) -> tuple[Settings | None, list[str]]:
        """(the settings, nothing) or (None, why they cannot be read, each as the command line says it)."""
        async with self._lock:
            return await to_thread.run_sync(self._read)

    def _read(self) -> tuple[Settings | None, list[str]]:
        if not self._marks or _marks(self._marks) != self._marks:
            marks = _marks([self._path])
            try:
                self._settings, self._problems = load_config(self._path, create_secret=False), []
                marks |= _marks(self._settings.plan.dialplan.sources)
            except ConfigError as error:
                self._settings, self._problems = None, [str(problem) for problem in error.problems]
                marks = {}
            self._marks = marks
        return self._settings, self._problems


def _marks(files: object) -> dict[str, tuple[int, int, int] | None]:
    assert isinstance(files, Mapping | list)
    found: dict[str, tuple[int, int, int] | None] = {}
    for file in files:
        try:
            status = os.stat(file)
            found[file] = status.st_ino, status.st_size, status.st_mtime_ns
        except OSError:
            found[file] = None
    return found
