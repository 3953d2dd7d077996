"""The case files of a configuration: those beside ``edge.toml`` or its dial plans that are about them.

An edge never reads them. A file that names other plans only is of another configuration, one that names none may be of
any.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from dialplan.model import Location
from dialplan.problem import Problem

from .reading.files import in_folder_of
from .reading.problems import file_problem
from .reading.texts import Texts

ENDING = ".cases"
MOST = 200
"""Case files of one configuration."""
LONGEST = 1024**2
"""Bytes of one."""
_PLAN = re.compile(r'^[ \t]*plan[ \t]+"((?:[^"\n]|"")*)"', re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CaseFiles:
    texts: dict[str, str] = field(default_factory=dict)
    """Name, relative to the folder of ``edge.toml`` -> text, by name."""
    left_out: list[Problem] = field(default_factory=list)
    """Why a file that lies there is not among them; those of other configurations are passed over."""


def read_case_files(config: str, plans: Sequence[str], texts: Texts) -> CaseFiles:
    """``plans``: the dial plans of ``config``, as it names them. At most one more than MOST are read."""
    found = CaseFiles()
    for folder in _folders(plans):
        for path in case_files_in(in_folder_of(config, folder)):
            name = os.path.join(folder, os.path.basename(path))
            if len(found.texts) <= MOST and name.isprintable():
                _read(found, name, path, _names(config, plans), texts)
    return found


def case_files_in(folder: str) -> Iterator[str]:
    """Paths, by name; none where the folder cannot be read."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return
    paths = (os.path.join(folder, name) for name in names if name.endswith(ENDING))
    yield from (path for path in paths if os.path.isfile(path))


def is_about(name: str, text: str, config: str) -> bool:
    """Whether a case file of ``config`` asks the configuration itself, so that its cases may name zones."""
    folder = os.path.dirname(name)
    return any(_plan(folder, match) == os.path.basename(config) for match in _PLAN.finditer(text))


def case_problems(config: str, plans: Sequence[str], texts: Mapping[str, str]) -> Iterator[Problem]:
    """Why some of these case files cannot be among those of a configuration. ``texts``: as in CaseFiles."""
    for name, text in texts.items():
        if os.path.dirname(name) not in _folders(plans) or os.path.normpath(name) != name or not name.isprintable():
            hint = f"case files lie beside {os.path.basename(config)} or its dial plans"
            yield file_problem(name, "no case file of this configuration can be there", hint)
        elif len(text.encode()) > LONGEST:
            yield _too_long(in_folder_of(config, name))
        elif (place := _foreign(name, text, _names(config, plans))) is not None:
            where = Location(in_folder_of(config, name), *place)
            hint = f'write: plan "{os.path.relpath(os.path.basename(config), os.path.dirname(name) or ".")}"'
            yield Problem(where, "these cases are about plans of another configuration", hint)
    if len(texts) > MOST:
        hint = "put the others into a folder of their own"
        yield file_problem(config, f"{len(texts)} case files, and a configuration has {MOST} at most", hint)


def _read(found: CaseFiles, name: str, path: str, names: set[str], texts: Texts) -> None:
    try:
        if os.path.getsize(path) > LONGEST:
            found.left_out.append(_too_long(path))
            return
        text = texts.read(path).decode()
    except OSError as error:
        found.left_out.append(file_problem(path, f"this cannot be read: {error.strerror}"))
        return
    except UnicodeDecodeError:
        found.left_out.append(file_problem(path, "this is not UTF-8 text", "save the file as UTF-8"))
        return
    if _foreign(name, text, names) is None:
        found.texts[name] = text


def _too_long(path: str) -> Problem:
    return file_problem(path, f"a case file of more than {LONGEST} bytes", "cut it into several")


def _foreign(name: str, text: str, names: set[str]) -> tuple[int, int] | None:
    """Line and column, from 1, of the first plan where the file names plans, but none of ``names``."""
    folder, first = os.path.dirname(name), None
    for match in _PLAN.finditer(text):
        if _plan(folder, match) in names:
            return None
        first = first or match
    if first is None:
        return None
    before = text[: first.start(1) - 1]
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _plan(folder: str, match: re.Match[str]) -> str:
    """The file that a ``plan`` of a case file in ``folder`` names."""
    return os.path.normpath(os.path.join(folder, match[1].replace('""', '"')))


def _folders(plans: Iterable[str]) -> list[str]:
    """In which case files lie, relative to that of ``edge.toml``, which is ''."""
    return list(dict.fromkeys(["", *(os.path.dirname(os.path.normpath(plan)) for plan in plans)]))


def _names(config: str, plans: Iterable[str]) -> set[str]:
    return {os.path.basename(config), *map(os.path.normpath, plans)}
