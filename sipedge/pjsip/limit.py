"""A limit on transactions that several workers may share: what the others hold counts, too."""

from __future__ import annotations

from typing import Protocol


class Tally(Protocol):
    """How many each worker holds (bus/tally.py)."""

    def put(self, number: int) -> None:
        """This worker holds so many."""

    def others(self) -> int:
        """How many all others hold."""


class Limit:
    """``most`` of all workers together."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.tally: Tally | None = None
        """None: there is one worker."""

    def left(self, held: int) -> int:
        """How many more there may be where this worker holds so many; less than nothing where the limit has shrunk."""
        if self.tally is None:
            return self.most - held
        self.tally.put(held)
        return self.most - held - self.tally.others()
