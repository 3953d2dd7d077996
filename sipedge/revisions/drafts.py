"""Drafts: texts that somebody is changing, each a file of its own. They are in force nowhere."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from threading import RLock
from time import time

from sipedge.config.case_files import ENDING
from sipedge.control.refusal import CONFLICT, FAILED, NOT_FOUND, UNPROCESSABLE, Refused

from .durable import write_whole
from .files import FileSet

NAME = "drafts"
MOST = 100
LONGEST = 4 * 1024**2
"""Bytes of all texts of a draft."""
ALL_TOGETHER = 64 * 1024**2
"""Bytes of all drafts: pages list them."""
Mark = tuple[int, int, int]
"""Inode, size and time of the last change of a file."""


@dataclass(frozen=True, slots=True)
class Draft:
    number: int
    version: int
    """Counts the changes: who changes a draft says which one he has seen."""
    who: str
    """Who began it."""
    title: str
    """What it is about; ''."""
    time: float
    """Of the last change; seconds since 1970."""
    base: Mapping[str, str]
    """The texts that it was made from, as in FileSet."""
    texts: Mapping[str, str]

    @property
    def base_set(self) -> FileSet:
        return FileSet(self.base)

    @property
    def changed(self) -> list[str]:
        """Names of the files that are different."""
        names = dict.fromkeys([*self.base, *self.texts])
        return [name for name in names if self.base.get(name) != self.texts.get(name)]

    @property
    def cases_only(self) -> bool:
        """Whether nothing that an edge reads is different."""
        return all(name.endswith(ENDING) for name in self.changed)


class Drafts:
    """Of one process. Raises OSError, and Refused: 404 for a draft that is not there, 409 for one changed meanwhile."""

    def __init__(self, folder: str) -> None:
        """``folder``: of the console."""
        self._folder = os.path.join(folder, NAME)
        self._counter = os.path.join(self._folder, "last")
        self._lock = RLock()
        self._read: dict[int, tuple[Mark, Draft]] = {}
        """As their files were when they were read last."""

    def all(self) -> list[Draft]:
        """The last changed first, without those that are damaged."""
        return sorted(self._parted()[0], key=lambda draft: -draft.time)

    def damaged(self) -> list[str]:
        """Those that cannot be read, each in a sentence."""
        return self._parted()[1]

    def get(self, number: int) -> Draft:
        try:
            status = os.stat(self._place(number))
            mark = status.st_ino, status.st_size, status.st_mtime_ns
            seen, draft = self._read.get(number, (None, None))
            if draft is None or seen != mark:
                with open(self._place(number), encoding="utf-8") as stream:
                    draft = Draft(**json.load(stream))
                self._read[number] = mark, draft
            return draft
        except FileNotFoundError:
            raise Refused(NOT_FOUND, f"there is no draft {number}") from None
        except (ValueError, TypeError):
            raise Refused(FAILED, f"{self._place(number)}: this is no draft any more") from None

    def begin(self, who: str, base: FileSet, texts: Mapping[str, str], title: str = "") -> Draft:
        """Refused, 409, where there are too many."""
        with self._lock:
            numbers = self._numbers()
            if len(numbers) >= MOST:
                raise Refused(CONFLICT, f"there are {MOST} drafts already: drop one that nobody needs")
            number = max([self._last(), *numbers]) + 1
            made = self._written(Draft(number, 1, who, title[:200], time(), dict(base.texts), dict(texts)))
            write_whole(self._counter, str(number).encode())
            return made

    def change(self, number: int, version: int, texts: Mapping[str, str]) -> Draft:
        """``version``: that which was changed. ``texts``: those that take the place of others; new ones are added."""
        with self._lock:
            held = self._seen(number, version)
            return self._written(replace(held, version=version + 1, time=time(), texts={**held.texts, **texts}))

    def take_out(self, number: int, version: int, name: str) -> Draft:
        """Without that file. ``version``: as for ``change``. Refused, 404, where it has none of this name."""
        with self._lock:
            held = self._seen(number, version)
            if name not in held.texts:
                raise Refused(NOT_FOUND, f'draft {number} has no file "{name}"')
            texts = {other: text for other, text in held.texts.items() if other != name}
            return self._written(replace(held, version=version + 1, time=time(), texts=texts))

    def rebase(self, number: int, version: int, base: FileSet, texts: Mapping[str, str]) -> Draft:
        """Another base, and the texts that were made for it from ``version``."""
        with self._lock:
            held = self._seen(number, version)
            made = replace(held, version=held.version + 1, time=time(), base=dict(base.texts), texts=dict(texts))
            return self._written(made)

    def drop(self, number: int) -> None:
        with self._lock:
            if number not in self._numbers():
                raise Refused(NOT_FOUND, f"there is no draft {number}")
            os.unlink(self._place(number))
            self._read.pop(number, None)

    def _parted(self) -> tuple[list[Draft], list[str]]:
        """(those that can be read, a sentence about each other one)."""
        whole, damaged = list[Draft](), list[str]()
        for number in self._numbers():
            try:
                whole.append(self.get(number))
            except Refused as error:
                if error.code == FAILED:
                    damaged.append(error.sentence)
        return whole, damaged

    def _seen(self, number: int, version: int) -> Draft:
        """Raises Refused where somebody has changed it since."""
        held = self.get(number)
        if held.version != version:
            text = f"somebody else has changed draft {number} meanwhile: load it anew, and make your change again"
            raise Refused(CONFLICT, text)
        return held

    def _written(self, draft: Draft) -> Draft:
        if sum(len(text.encode()) for text in draft.texts.values()) > LONGEST:
            raise Refused(UNPROCESSABLE, f"a draft holds {LONGEST} bytes at most")
        os.makedirs(self._folder, 0o750, exist_ok=True)
        content = json.dumps(asdict(draft)).encode()
        others = sum(os.path.getsize(self._place(number)) for number in self._numbers() if number != draft.number)
        if others + len(content) > ALL_TOGETHER:
            raise Refused(CONFLICT, f"all drafts together hold {ALL_TOGETHER} bytes at most: drop one")
        write_whole(self._place(draft.number), content, 0o640)
        return draft

    def _last(self) -> int:
        """The number that was given last: none is given twice, because reviews and the audit log name them."""
        try:
            with open(self._counter, encoding="ascii") as stream:
                return int(stream.read())
        except (FileNotFoundError, ValueError):
            return 0

    def _place(self, number: int) -> str:
        return os.path.join(self._folder, f"{number:06}.json")

    def _numbers(self) -> list[int]:
        try:
            names = os.listdir(self._folder)
        except FileNotFoundError:
            return []
        return [int(name[:-5]) for name in names if re.fullmatch(r"[0-9]{6,9}\.json", name)]
