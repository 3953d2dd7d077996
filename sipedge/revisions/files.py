"""The texts of one configuration as one value: ``edge.toml``, the dial plans that it names, their case files.

Keys, passwords and secrets are in files of their own. A password inside ``edge.toml`` is refused.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sipedge.config import ConfigError
from sipedge.config.case_files import ENDING, case_problems, read_case_files
from sipedge.config.plans import plan_names
from sipedge.config.reading.files import in_folder_of, revision_of
from sipedge.config.reading.positions import Path
from sipedge.config.reading.problems import file_problem
from sipedge.config.reading.reader import Reader, open_toml
from sipedge.config.reading.texts import Drafted, OnDisk, Texts
from sipedge.control.refusal import UNPROCESSABLE, Refused


@dataclass(frozen=True, slots=True)
class FileSet:
    """``texts``: name, relative to the folder of ``edge.toml`` -> text; that file first, then its plans in order, then
    case files by name."""

    texts: Mapping[str, str]

    @property
    def digest(self) -> str:
        """The revision, as the running edge names it: of what an edge reads, so without case files."""
        return revision_of((name, text) for name, text in self.texts.items() if not name.endswith(ENDING))

    @property
    def whole(self) -> str:
        """Of all texts; where there is no case file, the same."""
        return revision_of(self.texts.items())

    @property
    def cases(self) -> dict[str, str]:
        """The case files among the texts."""
        return {name: text for name, text in self.texts.items() if name.endswith(ENDING)}

    def at(self, config: str) -> Drafted:
        """These texts in the place of what is on the disk, for the functions that read a configuration."""
        return Drafted({in_folder_of(config, name): text for name, text in self.texts.items()})


def read_set(config: str) -> FileSet:
    """What is on the disk. Raises Refused, 422, with the mistakes."""
    return _set(config, OnDisk(), None)


def set_of(config: str, texts: Mapping[str, str]) -> FileSet:
    """A draft. ``texts``: as in FileSet, in any order; a plan that it names and does not hold is read from the disk, a
    case file that it does not hold is none of its.

    Raises Refused, 422, with the mistakes.
    """
    return _set(config, FileSet(texts).at(config), FileSet(texts).cases)


def password_in(config: str, text: str) -> bool:
    """Whether a text of ``edge.toml`` has a password in it; one that is no TOML yet is judged by its lines."""
    try:
        return any(True for _ in _passwords(open_toml(config, Drafted({config: text})).data))
    except ConfigError:
        return any(line.replace('"', "").split("=")[0].strip() == "password" for line in text.splitlines())


def _set(config: str, texts: Texts, cases: Mapping[str, str] | None) -> FileSet:
    """``cases``: None for those that lie there."""
    try:
        reader = open_toml(config, texts)
        _check(reader)
        names = plan_names(reader)
        read = {name: _text(reader, index, name) for index, name in enumerate(names)}
        if cases is None:
            cases = read_case_files(config, names, texts).texts
        reader.problems += case_problems(config, names, cases)
        if reader.problems:
            raise ConfigError(reader.problems)
    except ConfigError as error:
        raise Refused(UNPROCESSABLE, f"{config} has mistakes", error.problems) from None
    return FileSet({os.path.basename(config): reader.text, **read, **dict(sorted(cases.items()))})


def _check(reader: Reader) -> None:
    """What an edge may run with, and a revision may not hold."""
    hint = "put it into a file of its own and name that by password_file: revisions are read by people"
    for path in _passwords(reader.data):
        reader.problem(path, "a revision holds no passwords", hint, at_key=True)
    for index, name in enumerate(plan_names(reader)):
        if os.path.isabs(name) or ".." in name.split("/"):
            message = f'"{name}" lies outside the folder of the configuration, so no revision can hold it'
            reader.problem(("edge", "dialplans", index), message, "move it there, and name it without the folder")
        elif name.endswith(ENDING):
            message = f'"{name}" is called like a case file, so no revision can hold it as a dial plan'
            reader.problem(("edge", "dialplans", index), message, "give it a name that ends with .dialplan")
    if reader.problems:
        raise ConfigError(reader.problems)


def _passwords(value: object, path: Path = ()) -> Iterator[Path]:
    """Where a table has one, whichever table it is."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        if key == "password":
            yield *path, key
        else:
            yield from _passwords(member, (*path, key))


def _text(reader: Reader, index: int, name: str) -> str:
    path = in_folder_of(reader.file, name)
    try:
        return reader.texts.read(path).decode()
    except OSError as error:
        reader.problem(("edge", "dialplans", index), f'"{path}" cannot be read: {error.strerror}')
    except UnicodeDecodeError:
        reader.problems.append(file_problem(path, "this is not UTF-8 text", "save the file as UTF-8"))
    return ""
