"""Text files given on the command line."""

from __future__ import annotations

import os
import shutil

import click


def read_text(file: str) -> str:
    """The text with its line ends as they are; what cannot be read ends the command with status 2."""
    try:
        with open(file, encoding="utf-8", newline="") as stream:
            return stream.read()
    except OSError as error:
        raise click.UsageError(f'"{file}" cannot be read: {error.strerror}') from None
    except UnicodeDecodeError:
        raise click.UsageError(f'"{file}" is not UTF-8 text') from None


def replace_text(file: str, text: str) -> None:
    """Put a text in a file's place: whoever reads it meanwhile sees the old one or the new one, whole."""
    target = os.path.realpath(file)
    beside = f"{target}.{os.getpid()}.new"
    try:
        with open(beside, "x", encoding="utf-8", newline="") as stream:
            stream.write(text)
        shutil.copymode(target, beside)
        os.replace(beside, target)
    except OSError as error:
        raise click.UsageError(f'"{file}" cannot be written: {error.strerror}') from None
