"""Where the texts of one configuration are read: on the disk, or from a draft that nobody has written yet.

Keys, certificates and secrets are no texts: they are read from the disk, and relative names mean the folder of
``edge.toml`` in either case.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Protocol


class Texts(Protocol):
    """One reading of one configuration."""

    def read(self, path: str) -> bytes:
        """Raises OSError."""
        ...


class OnDisk:
    """Files as they are. Where some are links into one folder, that folder is looked up once for all of them.

    So a set of files can be put in the place of another while it is read: the folder is itself a link, and swapping it
    is one step. What has been begun with the old set is read to its end from the old set.
    """

    def __init__(self) -> None:
        self._folders: dict[str, str] = {}

    def read(self, path: str) -> bytes:
        with open(self._place(path), "rb") as stream:
            return stream.read()

    def _place(self, path: str) -> str:
        try:
            target = os.path.join(os.path.dirname(path), os.readlink(path))
        except OSError:
            return path
        folder, name = os.path.split(os.path.abspath(target))
        if folder not in self._folders:
            self._folders[folder] = os.path.realpath(folder)
        return os.path.join(self._folders[folder], name)


class Drafted:
    """``texts``: path -> text, in the place of what lies on the disk; other files are read there."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = {os.path.abspath(path): text for path, text in texts.items()}
        self._disk = OnDisk()

    def read(self, path: str) -> bytes:
        text = self._texts.get(os.path.abspath(path))
        return self._disk.read(path) if text is None else text.encode()
