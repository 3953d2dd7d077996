"""Which patterns of many can match an alias: found by the texts they need, not by trying them all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import ahocorasick

from dialplan.pattern.pattern import Pattern

MIN_PATTERNS = 16
"""Fewer are tried one after the other, which is faster."""
MAX_EXACT = 16
"""An exact pattern of more texts (variables) goes the way of all others."""


class PatternIndex:
    """Positions of the patterns that may match, in order; every one that does match is among them.

    Exact patterns are in a dict. Others wait, by the texts of which every match holds one, in one Aho-Corasick
    automaton that reads the alias once. Patterns that need no text of their own are always candidates.
    """

    __slots__ = ("_always", "_automaton", "_count", "_exact")

    def __init__(self, patterns: Sequence[Pattern | None]) -> None:
        """None: matches every alias."""
        self._count = len(patterns)
        self._always: list[int] = []
        self._exact: dict[str, list[int]] = {}
        needed: dict[str, list[int]] = {}
        for position, pattern in enumerate(patterns):
            self._place(position, pattern, needed)
        self._automaton: Any = _automaton(needed) if needed and self._count >= MIN_PATTERNS else None

    def candidates(self, folded: str) -> Iterable[int]:
        if self._count < MIN_PATTERNS:
            return range(self._count)
        found = set(self._exact.get(folded, ()))
        if self._automaton is not None:
            for _, positions in self._automaton.iter(folded):
                found.update(positions)
        found.update(self._always)
        return sorted(found)

    def _place(self, position: int, pattern: Pattern | None, needed: dict[str, list[int]]) -> None:
        plain = pattern.plain if pattern else None
        if plain and not (plain.open_start or plain.open_end) and len(plain.texts) <= MAX_EXACT:
            for text in plain.texts:
                self._exact.setdefault(text, []).append(position)
        elif pattern and pattern.required and all(pattern.required):
            for text in pattern.required:
                needed.setdefault(text, []).append(position)
        elif not (pattern and pattern.required == frozenset()):
            self._always.append(position)


def _automaton(needed: dict[str, list[int]]) -> Any:
    automaton = ahocorasick.Automaton()
    for text, positions in needed.items():
        automaton.add_word(text, tuple(positions))
    automaton.make_automaton()
    return automaton
