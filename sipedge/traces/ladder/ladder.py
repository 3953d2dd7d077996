"""A call-flow diagram as text: one column a party, time downwards. Pure: records in, lines out.

::

             IM&P node          inside edge
                 │                   │
     0.012       │── INVITE romeo ──▶│
                 │                   │ rule "to Microsoft" to zone "Traversal"
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_TIME = 9
_DELTA = 10
"""Characters for the time since the last arrow, beside the time."""
_NARROW = 30
"""A note with less room than this at its right side stands at the left of its column."""


@dataclass(frozen=True, slots=True)
class Arrow:
    """A message from one column to another; columns between them are crossed."""

    time: float
    source: str
    target: str
    label: str


@dataclass(frozen=True, slots=True)
class Note:
    """Words at a column: what it decided, logged or showed."""

    time: float
    column: str
    text: str


@dataclass(frozen=True, slots=True)
class Heading:
    """A line across the whole width."""

    time: float
    text: str


Record = Arrow | Note | Heading


def render(records: Iterable[Record], columns: Sequence[str], width: int = 120, *, deltas: bool = False) -> list[str]:
    """Lines of at most ``width`` characters, in the order given; times are seconds from the first record.

    ``deltas``: with the seconds since the arrow before, under each heading anew. A label longer than its arrow is cut
    with an ellipsis, a long note or heading is wrapped; a word of a heading is never cut, so it may be longer.
    """
    margin = _TIME + _DELTA if deltas else _TIME
    step = (width - margin) // max(len(columns), 1)
    at = {name: margin + step // 2 + number * step for number, name in enumerate(columns)}
    lines: list[str] = []
    start: float | None = None
    last: float | None = None
    for record in records:
        start = record.time if start is None else start
        if not lines and not isinstance(record, Heading):
            lines.append(_names(at, step, width))
        match record:
            case Heading(text=text):
                lines += ["", *_heading(text, width), _names(at, step, width)]
                last = None
            case Arrow(time=time):
                delta = f" {time - last:+9.3f}" if deltas and last is not None else ""
                lines.append(_arrow(record, at, f"{time - start:8.3f}{delta}", width))
                last = time
            case Note():
                lines += _note(record, at, width, margin)
    return lines


def _heading(text: str, width: int) -> list[str]:
    """A Call-ID in it is there to be copied."""
    rows = textwrap.wrap(text, max(width - 4, 1), break_long_words=False, break_on_hyphens=False) or [""]
    return [f"━━ {row} ".ljust(width, "━") for row in rows]


def _names(at: dict[str, int], step: int, width: int) -> str:
    row = [" "] * width
    for name, position in at.items():
        text = _cut(name, step - 1)
        _put(row, max(position - len(text) // 2, 0), text)
    return "".join(row).rstrip()


def _lifelines(at: dict[str, int]) -> list[str]:
    row = [" "] * (max(at.values(), default=0) + 1)
    for position in at.values():
        row[position] = "│"
    return row


def _arrow(arrow: Arrow, at: dict[str, int], time: str, width: int) -> str:
    row = _lifelines(at)
    _put(row, 0, time)
    left, right = sorted((at[arrow.source], at[arrow.target]))
    if left == right:  # to itself, or from nobody knows whom to nobody knows whom
        _put(row, left, f"◀─ {_cut(arrow.label, width - left - 3)}")
        return "".join(row).rstrip()
    for position in range(left + 1, right):
        row[position] = "┼" if row[position] == "│" else "─"
    rightwards = at[arrow.target] == right
    row[right - 1 if rightwards else left + 1] = "▶" if rightwards else "◀"
    label = f" {_cut(arrow.label, right - left - 7)} "
    # in the gap beside the source where it fits there, so that the crossings stay visible
    others = [position for position in at.values() if left <= position <= right and position != at[arrow.source]]
    gap = min((abs(position - at[arrow.source]) for position in others), default=0)
    room = gap if len(label) <= gap - 4 else right - left
    begin = (left if rightwards else right - room) + (room - len(label)) // 2 + 1
    _put(row, begin, label)
    return "".join(row).rstrip()


def _note(note: Note, at: dict[str, int], width: int, margin: int) -> list[str]:
    position = at[note.column]
    room = width - position - 2
    leftwards = room < _NARROW
    if leftwards:
        room = position - margin - 2
    texts = textwrap.wrap(note.text, room) or [""]
    begin = position - 1 - max(map(len, texts)) if leftwards else position + 2
    rows = []
    for text in texts:
        row = _lifelines(at) + [" "] * (width - max(at.values()) - 1)
        _put(row, begin, text)
        rows.append("".join(row).rstrip())
    return rows


def _put(row: list[str], start: int, text: str) -> None:
    row[start : start + len(text)] = text


def _cut(text: str, room: int) -> str:
    room = max(room, 1)
    return text if len(text) <= room else text[: room - 1] + "…"
