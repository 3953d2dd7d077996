"""Numbers that several processes keep together, so that a rate is one rate for all of them."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Protocol


class Shelf(Protocol):
    """Bounded: a number may be forgotten, and two processes that change one at the same time may lose a change."""

    def get(self, key: int) -> float:
        """0.0 where there is none."""

    def put(self, key: int, number: float) -> None: ...


def key_of(*what: Hashable) -> int:
    """The same in all processes that were forked from one."""
    return hash(what)
