"""Where things are written: kept as offsets in the text, told as lines and columns when somebody asks.

A plan of 10,000 rules has 80,000 fields, and hardly any of their places is ever told.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from itertools import accumulate, count
from operator import add

from .model import Location


class Lines:
    """The lines of a file, found by offsets in its text."""

    __slots__ = ("_file", "_line", "_offset", "_starts", "_text")

    def __init__(self, file: str, text: str) -> None:
        self._file, self._text = file, text
        self._starts: list[int] | None = None
        self._offset, self._line = 0, 1

    def location(self, offset: int) -> Location:
        """Of the character at this offset."""
        if self._starts is None:
            self._starts = list(map(add, accumulate(map(len, self._text.split("\n")), initial=0), count()))
        line = bisect_right(self._starts, offset)
        return Location(self._file, line, offset - self._starts[line - 1] + 1)

    def following(self, offset: int) -> Location:
        """As ``location``, for offsets that rise from call to call: no list of all lines is made for it."""
        self._line += self._text.count("\n", self._offset, offset)
        self._offset = offset
        return Location(self._file, self._line, offset - self._text.rfind("\n", 0, offset))


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
