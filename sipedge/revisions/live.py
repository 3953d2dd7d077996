"""The files that the edge reads, as one set that is swapped in one step.

``edge.toml`` and the dial plans become links through ``edge.live``, which is a link to the folder of a revision. To
swap that one link swaps all files, and a reading that has begun goes on with the set it began with (``OnDisk``).
Names inside ``edge.toml`` still mean the folder that ``edge.toml`` is in: keys, certificates and secrets stay where
they are.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterable
from urllib.parse import quote

from sipedge.config.reading.files import in_folder_of
from sipedge.control.refusal import CONFLICT, Refused

from .durable import link_to, sync_folder, write_whole
from .files import FileSet
from .store import Revision, Store

SUFFIX = ".live"
KEPT = 3
"""Folders of revisions that stay, the one in use among them: a reading may still be under way in the one before."""
Step = Callable[[str], None]
"""Told of each step when it is done."""


class Live:
    """Raises OSError where something cannot be written."""

    def __init__(self, store: Store) -> None:
        self._config, self._folder = store.config, store.folder
        self.link = os.path.splitext(store.config)[0] + SUFFIX

    def swap(self, before: tuple[Revision, FileSet], after: tuple[Revision, FileSet], step: Step) -> None:
        """``before``: what is on the disk, as it was just read.

        Raises Refused, 409, where a new name has a file already.
        """
        self._adopt(*before, step)
        self._swap_adopted(before[1], *after, step)

    def _adopt(self, revision: Revision, files: FileSet, step: Step) -> None:
        """Each file becomes a link to the same text, one after the other, unless it is one."""
        place = self._written(revision.number, files)
        step("old set written aside")
        self._lead_to(place)
        step("old set live")
        self._link(files.texts)
        step("old set linked")

    def _swap_adopted(self, before: FileSet, revision: Revision, files: FileSet, step: Step) -> None:
        new = files.texts.keys() - before.texts.keys()
        for name in new:
            self._check_free(name, files.texts[name])
        place = self._written(revision.number, files)
        step("written aside")
        self._link(new)  # nobody asks for them yet
        step("linked")
        self._lead_to(place)
        step("swapped")
        for name in before.texts.keys() - files.texts.keys():
            os.unlink(in_folder_of(self._config, name))
        self._tidy()
        step("tidied")

    def _check_free(self, name: str, text: str) -> None:
        path = in_folder_of(self._config, name)
        if os.path.exists(path):
            with open(path, "rb") as stream:
                if stream.read() != text.encode():
                    raise Refused(CONFLICT, f"{path} is there already, and is no part of the revision in force")

    def _written(self, number: int, files: FileSet) -> str:
        """A folder with these files: one that has them already, or a new one."""
        tries = (os.path.join(self._folder, f"{number:06}" + (f"-{again}" if again else "")) for again in range(1000))
        for place in tries:
            if not os.path.lexists(place):
                self._write(place, files)
                return place
            if _content(place) == {_flat(name): text.encode() for name, text in files.texts.items()}:
                return place
        raise OSError(f"{self._folder}: too many folders of revision {number}")

    def _write(self, place: str, files: FileSet) -> None:
        aside = f"{place}.new"
        shutil.rmtree(aside, ignore_errors=True)  # of a crash
        os.mkdir(aside)
        for name, text in files.texts.items():
            write_whole(os.path.join(aside, _flat(name)), text.encode())
        os.rename(aside, place)
        sync_folder(self._folder)

    def _lead_to(self, place: str) -> None:
        if os.path.realpath(self.link) != os.path.realpath(place):
            link_to(self.link, os.path.relpath(place, os.path.dirname(self.link)))

    def _link(self, names: Iterable[str]) -> None:
        for name in names:
            path = in_folder_of(self._config, name)
            target = os.path.relpath(os.path.join(self.link, _flat(name)), os.path.dirname(path))
            if not os.path.islink(path) or os.readlink(path) != target:
                os.makedirs(os.path.dirname(path), exist_ok=True)
                link_to(path, target)

    def _tidy(self) -> None:
        """Folders of old revisions go; their texts are in the store."""
        used = os.path.realpath(self.link)
        places = [os.path.join(self._folder, name) for name in os.listdir(self._folder) if _is_checkout(name)]
        places.sort(key=lambda place: (place == used, os.stat(place).st_mtime_ns))
        for place in places[:-KEPT]:
            shutil.rmtree(place, ignore_errors=True)


def _flat(name: str) -> str:
    """All files of a revision lie in one folder, whose look-up is one step."""
    return quote(name, safe="")


def _is_checkout(name: str) -> bool:
    return re.fullmatch(r"[0-9]{6,}(-[0-9]+)?", name) is not None


def _content(place: str) -> dict[str, bytes]:
    content = {}
    for name in os.listdir(place):
        with open(os.path.join(place, name), "rb") as stream:
            content[name] = stream.read()
    return content
