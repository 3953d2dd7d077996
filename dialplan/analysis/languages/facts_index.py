"""Facts of many patterns at once: which of them may share an alias with a given one.

Asking for every two of 2,000 rules takes 3 s, the index tells as much in 0.03 s (rules of tools/bench/search.py).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress
from typing import TypeVar

from dialplan.pattern.literals import Texts

from .facts import Facts

ItemT = TypeVar("ItemT")


def places_of(bits: int) -> Iterator[int]:
    """The places of the bits that are set, in ascending order."""
    digits = bin(bits)[:1:-1]
    place = digits.find("1")
    while place >= 0:
        yield place
        place = digits.find("1", place + 1)


def chosen(items: Sequence[ItemT], bits: int) -> list[ItemT]:
    """The items at the places of the bits that are set: for many of them faster than ``places_of``."""
    return list(compress(items, map("1".__eq__, bin(bits)[:1:-1])))


class FactsIndex:
    def __init__(self, facts: Sequence[Facts]) -> None:
        self._prefixes = _Beginnings(each.prefixes for each in facts)
        self._suffixes = _Beginnings(_turned(each.suffixes) for each in facts)
        self._users = _Beginnings(_turned(_users(each.around_at)) for each in facts)
        self._hosts = _Beginnings(_hosts(each.around_at) for each in facts)

    def near(self, facts: Facts, one_at: bool = False) -> int:
        """A bit for each place: all whose facts ``apart`` does not tell from these, and hardly another."""
        bits = self._prefixes.near(facts.prefixes) & self._suffixes.near(_turned(facts.suffixes))
        if one_at and bits:
            bits &= self._users.near(_turned(_users(facts.around_at))) & self._hosts.near(_hosts(facts.around_at))
        return bits


class _Beginnings:
    """Sets of texts, and which of them hold a text that begins like a given one, as far as the shorter one goes."""

    def __init__(self, sets: Iterable[Texts | None]) -> None:
        self._holding: dict[str, int] = {}
        self._open = 0
        """Those without texts, which fit to everything."""
        self._all = 0
        for place, texts in enumerate(sets):
            self._all |= 1 << place
            if not texts:
                self._open |= 1 << place
            for text in texts or ():
                self._holding[text] = self._holding.get(text, 0) | 1 << place
        self._sorted = sorted(self._holding)
        self._known: dict[str, int] = {}

    def near(self, texts: Texts | None) -> int:
        if not texts:
            return self._all
        bits = self._open
        for text in texts:
            if text not in self._known:
                self._known[text] = self._fitting(text)
            bits |= self._known[text]
        return bits

    def _fitting(self, text: str) -> int:
        bits = 0
        for end in range(len(text)):
            bits |= self._holding.get(text[:end], 0)
        place = bisect_left(self._sorted, text)
        while place < len(self._sorted) and self._sorted[place].startswith(text):
            bits |= self._holding[self._sorted[place]]
            place += 1
        return bits


def _turned(texts: Texts | None) -> Texts | None:
    return frozenset([text[::-1] for text in texts]) if texts else None


def _users(around_at: Texts | None) -> Texts | None:
    return frozenset([text.partition("@")[0] for text in around_at]) if around_at else None


def _hosts(around_at: Texts | None) -> Texts | None:
    return frozenset([text.partition("@")[2] for text in around_at]) if around_at else None
