"""Mistakes in a file, noted at their lines and columns."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from .model import Location
from .problem import Problem
from .syntax import PatternError


class Notes:
    """Collects the problems of one file."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self._text = text
        self.problems: list[Problem] = []

    @cached_property
    def lines(self) -> list[str]:
        """Without their line feeds. A file without mistakes needs none of them."""
        return self._text.split("\n")

    def add(self, line: int, column: int, message: str, hint: str) -> None:
        self.at(Location(self.file, line, column), message, hint)

    def at(self, location: Location, message: str, hint: str) -> None:
        self.problems.append(Problem(location, message, hint, self.lines[location.line - 1].rstrip("\r")))

    def in_text(self, location: Location, error: PatternError) -> None:
        """Notes a mistake inside the quoted text that begins at ``location``."""
        self.at(inside(location, self.lines[location.line - 1], error.offset), error.message, error.hint)


def inside(start: Location, line: str, offset: int) -> Location:
    """The place of a quoted text's character. ``start``: its opening quote; ``""`` in the line is one character."""
    column = start.column
    for _ in range(offset):
        column += 2 if line[column : column + 2] == '""' else 1
    return Location(start.file, start.line, column + 1)


def source_line(sources: Mapping[str, str], location: Location) -> str:
    """The text of the location's line; '' when the file is not among the sources."""
    lines = sources.get(location.file, "").split("\n", location.line)
    return lines[location.line - 1].rstrip("\r") if 0 < location.line <= len(lines) else ""


def pattern_problem(sources: Mapping[str, str], location: Location, error: PatternError) -> Problem:
    """The problem that a PatternError stands for. ``location``: the opening quote of the pattern."""
    line = source_line(sources, location)
    return Problem(inside(location, line, error.offset), error.message, error.hint, line)
