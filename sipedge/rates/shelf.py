"""Numbers that several processes keep together, so that a rate is one rate for all of them."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Protocol


class Shelf(Protocol):
    """Bounded: a number may be forgotten, and two processes that change one at the same time may lose a change."""

    @property
    def worker(self) -> int:
        """This process, of those that share it: from 0."""

    @property
    def workers(self) -> int:
        """So many may share it."""

    def get(self, key: int) -> float:
        """0.0 where there is none."""

    def put(self, key: int, number: float) -> None: ...


class Counts:
    """Whole numbers by name (zones.digest.Counts)."""

    def __init__(self, shelf: Shelf, what: str) -> None:
        self._shelf, self._what = shelf, what

    def get(self, name: str) -> int:
        return int(self._shelf.get(key_of(self._what, name)))

    def put(self, name: str, count: int) -> None:
        self._shelf.put(key_of(self._what, name), count)


def key_of(*what: Hashable) -> int:
    """The same in all processes that were forked from one."""
    return hash(what)
