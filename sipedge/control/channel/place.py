"""A control socket at its place in the file system: opened once, for owner and group only, and removed at the end.

A path may be longer than the 107 bytes that a socket's address has (unix(7)), so the folder is opened, and the address
is a name below ``/proc/self/fd``.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

MODE = 0o660
HINT = "name another place in [edge] control, or write control = false"
BACKLOG = 16
PATIENCE = 1.0
"""Seconds that a living edge has to take a connect; one that does not within them lives all the same."""


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A socket that listens at ``path``. ``identity``: device and inode of its file."""

    path: str
    socket: socket.socket
    identity: tuple[int, int]

    @property
    def is_there(self) -> bool:
        """Whether its file is where it was."""
        try:
            return _identity(self.path) == self.identity
        except OSError:
            return False

    def remove(self) -> None:
        """Close it and take its file away, unless that is another's by now. It may be called again."""
        if self.is_there:
            with suppress(OSError):
                os.unlink(self.path)
        self.socket.close()


def open_place(path: str) -> Place:
    """Raises OSError, whose text names the path, what is there, and what would be right."""
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _alone_at(path), _address(path) as address:
            _bind(opened, path, address)
            os.chmod(path, MODE)
            opened.listen(BACKLOG)
            opened.setblocking(False)
            return Place(path, opened, _identity(path))
    except OSError as error:
        opened.close()
        raise OSError(error.errno, f"control socket {path}: {error.strerror or error}; {HINT}") from None


def connect_to(path: str, seconds: float) -> socket.socket:
    """Raises OSError."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    made.settimeout(seconds)
    try:
        with _address(path) as address:
            made.connect(address)
    except OSError:
        made.close()
        raise
    return made


def _bind(opened: socket.socket, path: str, address: str) -> None:
    """What an edge that crashed has left is replaced."""
    os.fchmod(opened.fileno(), MODE)  # the file is made with it: never is it open to others
    try:
        opened.bind(address)
        return
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
    if not stat.S_ISSOCK(os.lstat(path).st_mode):
        raise FileExistsError(errno.EEXIST, "a file is there that is no socket")
    if _lives(path):
        raise OSError(errno.EADDRINUSE, "another edge serves there")
    os.unlink(path)
    opened.bind(address)


def _lives(path: str) -> bool:
    """Whether somebody listens. Raises PermissionError."""
    try:
        connect_to(path, PATIENCE).close()
    except (ConnectionRefusedError, FileNotFoundError):
        return False
    except (BlockingIOError, TimeoutError):
        return True
    return True


@contextmanager
def _alone_at(path: str) -> Iterator[None]:
    """Of two edges that start together one fails, instead of taking the other's new socket for an old one."""
    folder = os.open(os.path.dirname(path) or ".", os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise OSError(errno.EAGAIN, "another edge is just starting there") from None
    finally:
        os.close(folder)


@contextmanager
def _address(path: str) -> Iterator[str]:
    folder = os.open(os.path.dirname(path) or ".", os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{os.path.basename(path)}"
    finally:
        os.close(folder)


def _identity(path: str) -> tuple[int, int]:
    found = os.lstat(path)
    return found.st_dev, found.st_ino
