"""Two messages beside each other: which lines are the same, changed, or on one side only."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import zip_longest

SAME, CHANGED, LEFT, RIGHT = " ", "|", "<", ">"

MAX_LINES = 4000
"""Lines of a message that are matched up: in the worst case the time grows with their square. The lines behind them are
paired as they stand."""

Row = tuple[str, str, str]
"""Left, one of the marks above, right."""


def rows(left: bytes, right: bytes) -> Iterator[Row]:
    """Line by line, in the order of both."""
    former, latter = (data.decode("utf-8", "replace").splitlines() for data in (left, right))
    yield from _matched(former[:MAX_LINES], latter[:MAX_LINES])
    yield from _paired(former[MAX_LINES:], latter[MAX_LINES:], None)


def _matched(former: list[str], latter: list[str]) -> Iterator[Row]:
    for tag, start, end, begin, stop in SequenceMatcher(None, former, latter, autojunk=False).get_opcodes():
        yield from _paired(former[start:end], latter[begin:stop], SAME if tag == "equal" else CHANGED)


def _paired(former: list[str], latter: list[str], mark: str | None) -> Iterator[Row]:
    """``mark``: of lines that stand beside each other, where it is known."""
    for old, new in zip_longest(former, latter):
        if old is None:
            yield "", RIGHT, new
        elif new is None:
            yield old, LEFT, ""
        else:
            yield old, mark or (SAME if old == new else CHANGED), new
