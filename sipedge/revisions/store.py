"""The revisions of one configuration, in the folder beside it: ``edge.revisions`` beside ``edge.toml``.

``000123.json`` says what revision 123 is, ``blobs`` has each text once, named by its SHA-256. Nothing is ever changed
there but the result of a revision. A blob is written before the record that names it, so a crash leaves no record
without its texts.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from time import monotonic, sleep, time

from sipedge import __version__
from sipedge.control.refusal import CONFLICT, FAILED, NOT_FOUND, Refused

from .durable import sync_folder, write_whole
from .files import FileSet

SUFFIX = ".revisions"
PATIENCE = 5.0
"""Seconds."""


class Result(StrEnum):
    """What became of a revision."""

    FROM_DISK = "from disk"
    """Somebody changed the files by hand."""
    ON_TRIAL = "on trial"
    """In force until the time that it waits for a confirmation is over."""
    CONFIRMED = "confirmed"
    UNDONE = "undone"
    """Nobody confirmed it, or somebody took it back."""
    REFUSED = "refused"
    """The edge did not take it, or the console ended before it was asked."""


GONE = {Result.UNDONE, Result.REFUSED}


@dataclass(frozen=True, slots=True)
class Revision:
    number: int
    digest: str
    """As the edge names what is in force: FileSet.digest."""
    parent: int
    """The number of the revision that it was made from; 0 for the first."""
    time: float
    """Seconds since 1970."""
    who: str
    comment: str
    result: Result
    note: str
    """One sentence about the result; ''."""
    changes: str
    """What the edge found different when it loaded it, in a few words; ''."""
    version: str
    """Of the engine that checked it."""
    files: tuple[tuple[str, str], ...]
    """(name, SHA-256 of the text), in the order of FileSet."""
    whole: str = ""
    """FileSet.whole; '' in a record from before case files were part of revisions, which says nothing of them."""


class Store:
    """Raises OSError where its folder cannot be read or written, Refused, 500, where what it holds is damaged."""

    def __init__(self, config: str) -> None:
        """``config``: the path of ``edge.toml``."""
        self.config = os.path.abspath(config)
        self.folder = os.path.splitext(self.config)[0] + SUFFIX
        self._blobs = os.path.join(self.folder, "blobs")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Raises Refused, 409, where somebody else changes something for longer than PATIENCE."""
        os.makedirs(self._blobs, exist_ok=True)
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self._lock(folder)
            yield
        finally:
            os.close(folder)

    def _lock(self, folder: int) -> None:
        end = monotonic() + PATIENCE
        while True:
            try:
                fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if monotonic() > end:
                    text = f"{self.config}: somebody else is applying a change just now; try again"
                    raise Refused(CONFLICT, text) from None
                sleep(0.02)

    def all(self) -> list[Revision]:
        """Newest first."""
        return [self._read(number) for number in sorted(self._numbers(), reverse=True)]

    def get(self, number: int) -> Revision:
        """Raises Refused, 404."""
        if number not in self._numbers():
            raise Refused(NOT_FOUND, f"there is no revision {number}")
        return self._read(number)

    def standing(self) -> Revision | None:
        """The newest that the disk should hold; None where there is none yet."""
        numbers = sorted(self._numbers(), reverse=True)
        return next((each for each in map(self._read, numbers) if each.result not in GONE), None)

    def texts(self, revision: Revision) -> FileSet:
        return FileSet({name: self._blob(digest) for name, digest in revision.files})

    def texts_over(self, revision: Revision, there: FileSet) -> FileSet:
        """Its texts, to take the place of ``there``: a record that says nothing of case files leaves those alone."""
        texts = self.texts(revision).texts
        return FileSet({**texts, **({} if revision.whole else there.cases)})

    def add(self, files: FileSet, parent: int, who: str, comment: str, result: Result) -> Revision:
        """Inside ``locked``."""
        number = max(self._numbers(), default=0) + 1
        digests = tuple((name, self._keep(text)) for name, text in files.texts.items())
        about = (who, comment, result, "", "", __version__, digests, files.whole)
        made = Revision(number, files.digest, parent, time(), *about)
        self._write(made)
        return made

    def mark(self, revision: Revision, result: Result, note: str = "", changes: str = "") -> Revision:
        """Inside ``locked``. ``changes``: '' for those that it has."""
        marked = replace(revision, result=result, note=note, changes=changes or revision.changes)
        self._write(marked)
        return marked

    def _numbers(self) -> list[int]:
        try:
            names = os.listdir(self.folder)
        except FileNotFoundError:
            return []
        return [int(name[:-5]) for name in names if re.fullmatch(r"[0-9]{6,}\.json", name)]

    def _place(self, number: int) -> str:
        return os.path.join(self.folder, f"{number:06}.json")

    def _write(self, revision: Revision) -> None:
        write_whole(self._place(revision.number), json.dumps(asdict(revision), indent=1).encode())

    def _read(self, number: int) -> Revision:
        try:
            with open(self._place(number), encoding="utf-8") as stream:
                raw = json.load(stream)
            files = tuple((str(name), str(digest)) for name, digest in raw.pop("files"))
            return Revision(**{**raw, "files": files, "result": Result(raw["result"])})
        except (ValueError, TypeError, KeyError):
            raise Refused(FAILED, f"{self._place(number)}: this is no record of a revision any more") from None

    def _keep(self, text: str) -> str:
        content = text.encode()
        digest = hashlib.sha256(content).hexdigest()
        path = os.path.join(self._blobs, digest)
        if not os.path.exists(path):
            write_whole(path, content)
            sync_folder(self.folder)
        return digest

    def _blob(self, digest: str) -> str:
        path = os.path.join(self._blobs, os.path.basename(digest))
        try:
            with open(path, "rb") as stream:
                content = stream.read()
        except FileNotFoundError:
            content = b""
        if hashlib.sha256(content).hexdigest() != digest:
            raise Refused(FAILED, f"{path}: this text of a revision is damaged or gone")
        return content.decode()
