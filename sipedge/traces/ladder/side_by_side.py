"""Two messages beside each other: what is the same, changed, on one side only."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import zip_longest

SAME, CHANGED, LEFT, RIGHT = " ", "|", "<", ">"

MAX_LINES = 4000
"""Of one message that are matched up, which takes the square of them in the worst case; the others are paired as they
stand."""

Row = tuple[str, str, str]
"""Left, one of the marks above, right."""


def rows(left: bytes, right: bytes) -> Iterator[Row]:
    """Line by line, in the order of both."""
    one, two = (data.decode("utf-8", "replace").splitlines() for data in (left, right))
    yield from _matched(one[:MAX_LINES], two[:MAX_LINES])
    yield from _paired(one[MAX_LINES:], two[MAX_LINES:], None)


def _matched(one: list[str], two: list[str]) -> Iterator[Row]:
    for tag, start, end, begin, stop in SequenceMatcher(None, one, two, autojunk=False).get_opcodes():
        yield from _paired(one[start:end], two[begin:stop], SAME if tag == "equal" else CHANGED)


def _paired(one: list[str], two: list[str], mark: str | None) -> Iterator[Row]:
    """``mark``: of lines that stand beside each other, where it is known."""
    for former, latter in zip_longest(one, two):
        if former is None:
            yield "", RIGHT, latter
        elif latter is None:
            yield former, LEFT, ""
        else:
            yield former, mark or (SAME if former == latter else CHANGED), latter
