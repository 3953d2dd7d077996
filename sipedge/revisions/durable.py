"""Files that are there whole or not at all, whatever moment the power goes."""

from __future__ import annotations

import os
from contextlib import suppress


def sync_folder(folder: str) -> None:
    """What was made, renamed or removed in it stays so. Raises OSError."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def write_whole(path: str, content: bytes, mode: int = 0o666) -> None:
    """In the place of what was there. ``mode``: less the umask. Raises OSError."""
    aside = f"{path}.new"
    with open(os.open(aside, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, mode), "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(aside, path)
    sync_folder(os.path.dirname(path))


def link_to(path: str, target: str) -> None:
    """A symbolic link in the place of what was there, a file or another link, in one step. Raises OSError."""
    aside = f"{path}.new"
    with suppress(FileNotFoundError):
        os.unlink(aside)
    os.symlink(target, aside)
    os.replace(aside, path)
    sync_folder(os.path.dirname(path))
