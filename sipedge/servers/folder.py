"""The folder of an engine's generated files: the engine's and the edge's own, nobody else's."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Owner:
    """The user as whom an engine runs."""

    name: str
    uid: int
    gid: int


def owner_for(user: str) -> Owner | None:
    """``user`` when the edge runs as root: an engine never does. None: the edge's own, or there is no such user."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        return None
    return Owner(user, entry.pw_uid, entry.pw_gid)


def write_folder(folder: str, files: Mapping[str, bytes], owner: Owner | None) -> None:
    """Make the folder (0700) hold these files (0600); each is replaced in one step, one that is alike left alone.

    Other files there are the engine's own. Raises OSError.
    """
    os.makedirs(folder, mode=0o700, exist_ok=True)
    os.chmod(folder, 0o700)
    _give(folder, owner)
    for name, content in files.items():
        path = os.path.join(folder, name)
        if _content(path) != content:
            _replace(path, content, owner)


def _content(path: str) -> bytes | None:
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except FileNotFoundError:
        return None


def _replace(path: str, content: bytes, owner: Owner | None) -> None:
    new = path + ".new"
    if os.path.lexists(new):
        os.unlink(new)
    with open(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600), "wb") as stream:
        stream.write(content)
    _give(new, owner)
    os.replace(new, path)


def _give(path: str, owner: Owner | None) -> None:
    if owner is not None:
        os.chown(path, owner.uid, owner.gid, follow_symlinks=False)
