"""Files given on the command line."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import click


def read_text(file: str) -> str:
    """The text with its line ends as they are; what cannot be read ends the command with status 2.

    ``file``: - is standard input.
    """
    try:
        with click.open_file(file, "rb") as stream:
            data: bytes = stream.read()
        return data.decode()
    except OSError as error:
        raise unreadable(file, error) from None
    except UnicodeDecodeError:
        raise click.UsageError(f'"{file}" is not UTF-8 text') from None


def check_readable(file: str) -> None:
    """What cannot be read ends the command with status 2."""
    try:
        with open(file, "rb") as stream:
            stream.peek(1)
    except OSError as error:
        raise unreadable(file, error) from None


def replace_text(file: str, text: str) -> None:
    """Put a text in a file's place: whoever reads it meanwhile sees the old one or the new one, whole."""
    with new_file(file) as output:
        output.write(text.encode())


def write_folder(folder: Path, files: Mapping[str, str], secret: Collection[str]) -> None:
    """Write new files; one that is there already, or cannot be written, ends the command with status 2.

    ``files``: name -> text. ``secret``: those that only their owner may read.
    """
    there = [name for name in files if (folder / name).exists()]
    if there:
        raise click.UsageError(f'"{folder / there[0]}" is there already; choose another folder')
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            mode = 0o600 if name in secret else 0o644
            descriptor = os.open(folder / name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
            with open(descriptor, "w", encoding="utf-8", newline="") as stream:
                stream.write(text)
    except OSError as error:
        raise unwritable(error.filename or str(folder), error) from None


class Output:
    """What ``new_file`` gives. Raises click.UsageError where writing fails."""

    def __init__(self, stream: BinaryIO, file: str) -> None:
        self._stream, self._file = stream, file

    def write(self, data: bytes) -> int:
        try:
            return self._stream.write(data)
        except OSError as error:
            raise unwritable(self._file, error) from None


@contextmanager
def new_file(file: str, inputs: Sequence[str] = ()) -> Iterator[Output]:
    """A file that takes its place when all is written: until then, and when anything fails, what stood there stays.

    ``inputs``: files that are read, which it must not be. Devices and pipes are written straight. What cannot be
    written ends the command with status 2.
    """
    if any(_is_same(file, other) for other in inputs):
        raise click.UsageError(f'"{file}" is read here: name another file for the output')
    target = os.path.realpath(file)
    straight = os.path.exists(target) and not os.path.isfile(target)
    path = target if straight else f"{target}.{os.getpid()}.new"
    try:
        stream: BinaryIO = open(path, "wb" if straight else "xb")
    except OSError as error:
        raise unwritable(file, error) from None
    try:
        yield Output(stream, file)
        try:
            stream.close()
            if not straight:
                if os.path.exists(target):
                    shutil.copymode(target, path)
                os.replace(path, target)
        except OSError as error:
            raise unwritable(file, error) from None
    finally:
        with suppress(OSError):
            stream.close()
        if not straight:
            with suppress(FileNotFoundError):
                os.remove(path)


def _is_same(file: str, other: str) -> bool:
    return os.path.exists(file) and os.path.exists(other) and os.path.samefile(file, other)


def unreadable(file: str, error: OSError) -> click.UsageError:
    return click.UsageError(f'"{file}" cannot be read: {error.strerror}')


def unwritable(file: str, error: OSError) -> click.UsageError:
    return click.UsageError(f'"{file}" cannot be written: {error.strerror}')
