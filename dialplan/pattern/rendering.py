"""An expanded tree written in RE2's syntax, with captures and the marks of look-arounds on demand."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dialplan.syntax import (
    Alternation,
    Anchor,
    AnyCharacter,
    CharacterSet,
    Group,
    Literal,
    Look,
    Node,
    Repeat,
    Sequence,
)

from .folding import FIRST_MARK, LAST_MARK

NEVER = r"[^\x00-\x{10FFFF}]"
ALL_MARKS = rf"[\x{{{FIRST_MARK:X}}}-\x{{{LAST_MARK:X}}}]*"

_SPECIAL = re.compile("[^0-9A-Za-z]")

Marks = Mapping[int, int]
"""Offset of a look-around in the pattern -> code point of its mark. Empty: the text to match has no marks."""


def render(node: Node, *, capture: bool = False, marks: Marks | None = None) -> str:
    """A regular expression for the whole text. Any of ``marks`` may stand before each character and at the end."""
    body = _Renderer(capture, marks or {}).text(node)
    return f"(?s:{body}){ALL_MARKS}" if marks else f"(?s:{body})"


class _Renderer:
    def __init__(self, capture: bool, marks: Marks) -> None:
        self._capture = capture
        self._marks = marks
        self._skip = ALL_MARKS if marks else ""

    def text(self, node: Node) -> str:
        if isinstance(node, Literal):
            return self._literal(node.text)
        if isinstance(node, CharacterSet):
            return self._skip + _set(_without_marks(node.ranges) if self._marks else node.ranges)
        if isinstance(node, AnyCharacter):
            return self._skip + (rf"[^{ALL_MARKS[1:-2]}]" if self._marks else ".")
        if isinstance(node, Anchor):
            return r"\A" if node.start else r"\z"
        if isinstance(node, Sequence):
            return "".join(map(self._item, node.items))
        if isinstance(node, Alternation):
            return "|".join(map(self.text, node.branches)) if node.branches else NEVER
        return self._bracketed(node)

    def _literal(self, text: str) -> str:
        if self._skip:
            return "".join(self._skip + _character(ord(character)) for character in text)
        return _SPECIAL.sub(lambda found: _character(ord(found[0])), text)

    def _bracketed(self, node: Node) -> str:
        if isinstance(node, Group):
            return f"({'' if self._capture and node.index else '?:'}{self.text(node.body)})"
        if isinstance(node, Repeat):
            return f"(?:{self.text(node.body)}){_repetition(node)}"
        if isinstance(node, Look):
            mark = self._marks[node.at]
            earlier = rf"[\x{{{FIRST_MARK:X}}}-\x{{{mark - 1:X}}}]*" if mark > FIRST_MARK else ""
            return earlier + rf"\x{{{mark:X}}}"
        raise TypeError(f"{node} is not expanded")

    def _item(self, node: Node) -> str:
        return f"(?:{self.text(node)})" if isinstance(node, Alternation) else self.text(node)


def _repetition(node: Repeat) -> str:
    bounds = f"{{{node.minimum},{'' if node.maximum is None else node.maximum}}}"
    return {"{0,}": "*", "{1,}": "+", "{0,1}": "?"}.get(bounds, bounds) + ("?" if node.lazy else "")


def _character(code: int) -> str:
    return chr(code) if code < 0x80 and chr(code).isalnum() else rf"\x{{{code:X}}}"


def _set(ranges: tuple[tuple[int, int], ...]) -> str:
    if not ranges:
        return NEVER
    return "[" + "".join(rf"\x{{{low:X}}}-\x{{{high:X}}}" for low, high in ranges) + "]"


def _without_marks(ranges: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    return tuple((low, min(high, FIRST_MARK - 1)) for low, high in ranges if low < FIRST_MARK)
