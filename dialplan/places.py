"""Where things are written: kept as offsets in the text, told as lines and columns when somebody asks.

A plan of 10,000 rules has 80,000 fields, and hardly any of their places is ever told.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, count
from operator import add

from .model import Location


class Lines:
    """The lines of a file, by the offsets of their beginnings."""

    __slots__ = ("_file", "_starts")

    def __init__(self, file: str, lines: Sequence[str]) -> None:
        """``lines``: without their line feeds."""
        self._file = file
        self._starts = list(map(add, accumulate(map(len, lines), initial=0), count()))

    def location(self, offset: int) -> Location:
        """Of the character at this offset in the text."""
        line = bisect_right(self._starts, offset)
        return Location(self._file, line, offset - self._starts[line - 1] + 1)


class Places(Mapping[str, Location]):
    """Field as it is spelled out -> where its value is written."""

    __slots__ = ("_lines", "_offsets")

    def __init__(self, lines: Lines, offsets: Mapping[str, int]) -> None:
        self._lines, self._offsets = lines, offsets

    def __getitem__(self, name: str) -> Location:
        return self._lines.location(self._offsets[name])

    def __contains__(self, name: object) -> bool:
        return name in self._offsets

    def __iter__(self) -> Iterator[str]:
        return iter(self._offsets)

    def __len__(self) -> int:
        return len(self._offsets)
