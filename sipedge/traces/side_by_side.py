"""Two messages beside each other: what is the same, changed, on one side only."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import zip_longest

SAME, CHANGED, LEFT, RIGHT = " ", "|", "<", ">"

MAX_LINES = 4000
"""Of one message; comparing takes the square of them in the worst case."""

Row = tuple[str, str, str]
"""Left, one of the marks above, right."""


def rows(left: bytes, right: bytes) -> Iterator[Row]:
    """Line by line, in the order of both."""
    one, two = _lines(left), _lines(right)
    for tag, start, end, begin, stop in SequenceMatcher(None, one, two, autojunk=False).get_opcodes():
        mark = SAME if tag == "equal" else CHANGED
        for former, latter in zip_longest(one[start:end], two[begin:stop]):
            if former is None:
                yield "", RIGHT, latter
            elif latter is None:
                yield former, LEFT, ""
            else:
                yield former, mark, latter


def _lines(data: bytes) -> list[str]:
    return data.decode("utf-8", "replace").splitlines()[:MAX_LINES]
