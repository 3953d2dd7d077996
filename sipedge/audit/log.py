"""The file of the audit log: appended to by several processes, each entry on the disk before ``add`` returns."""

from __future__ import annotations

import fcntl
import os
import syslog
from collections.abc import Callable, Iterator
from time import time

from .chain import FIRST, LONGEST, Entry, broken_at, entry_of, hash_of, line_of

NAME = "audit.jsonl"
TAIL = 65536
"""Bytes from the end in which the last line is looked for; an entry is far shorter."""


def to_syslog(text: str) -> None:
    """Dropped where no system log listens."""
    syslog.openlog("sipedge-console", syslog.LOG_PID, syslog.LOG_AUTHPRIV)
    syslog.syslog(syslog.LOG_NOTICE, text)


class AuditLog:
    """Raises OSError where the file cannot be written: then what was to be told of must not happen."""

    def __init__(self, folder: str, report: Callable[[str], None] = to_syslog) -> None:
        """``report``: gets each entry, too."""
        self.path = os.path.join(folder, NAME)
        self._report = report

    def add(self, who: str, address: str, what: str, about: str = "", revision: str = "") -> Entry:
        who, address, what, about, revision = map(_bounded, (who, address, what, about, revision))
        os.makedirs(os.path.dirname(self.path), 0o750, exist_ok=True)
        file = os.open(self.path, os.O_CREAT | os.O_RDWR | os.O_APPEND, 0o640)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            last, torn = _last_line(file)
            number = (_number(last) if last else 0) + 1
            entry = Entry(number, time(), who, address, what, about, revision, hash_of(last) if last else FIRST)
            line = line_of(entry)
            os.write(file, torn + line + b"\n")
            os.fsync(file)
        finally:
            os.close(file)
        self._report(f"{line.decode()} {hash_of(line)}")
        return entry

    def newest(self, most: int) -> list[Entry]:
        """Newest first; lines that are no entries are left out."""
        found: list[Entry] = []
        for line in _backwards(self.path):
            try:
                found.append(entry_of(line))
            except ValueError:
                continue
            if len(found) >= most:
                break
        return found

    def broken_at(self) -> int:
        """The first line that somebody has changed, removed or torn; 0 for none."""
        try:
            with open(self.path, "rb") as stream:
                return broken_at(line.rstrip(b"\n") for line in stream)
        except FileNotFoundError:
            return 0


def _bounded(text: str) -> str:
    """Of a stranger, perhaps."""
    return text[:LONGEST].encode("utf-8", "replace").decode()


def _last_line(file: int) -> tuple[bytes, bytes]:
    """(the last line, what has to be written to end it). A crash may have left it without its end."""
    size = os.fstat(file).st_size
    tail = os.pread(file, TAIL, max(0, size - TAIL))
    torn = b"\n" if tail and not tail.endswith(b"\n") else b""
    return tail.rstrip(b"\n").rpartition(b"\n")[2], torn


def _number(line: bytes) -> int:
    """A torn line has none that counts: the next then shows as broken, which it is."""
    try:
        return entry_of(line).number
    except ValueError:
        return 0


def _backwards(path: str) -> Iterator[bytes]:
    """Lines from the end."""
    try:
        with open(path, "rb") as stream:
            at, rest = stream.seek(0, os.SEEK_END), b""
            while at > 0:
                size = min(TAIL, at)
                at -= size
                stream.seek(at)
                first, *lines = (stream.read(size) + rest).split(b"\n")
                yield from filter(None, reversed(lines))
                rest = first
            if rest:
                yield rest
    except FileNotFoundError:
        return
