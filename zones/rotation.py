"""Taking turns: each request gets the next order of hops. All work is done when hops change, none for each request."""

from __future__ import annotations

from collections.abc import Sequence

from .zone import Hop


class Rotation:
    """Orders of hops, handed out one after the other."""

    __slots__ = ("_orders", "_turn")

    def __init__(self) -> None:
        self._orders: tuple[tuple[Hop, ...], ...] = ((),)
        self._turn = -1

    def peek(self) -> tuple[Hop, ...]:
        """What ``next`` will give."""
        turn = self._turn + 1
        return self._orders[turn if turn < len(self._orders) else 0]

    def next(self) -> tuple[Hop, ...]:
        turn = self._turn + 1
        if turn >= len(self._orders):
            turn = 0
        self._turn = turn
        return self._orders[turn]

    def set_orders(self, orders: Sequence[tuple[Hop, ...]]) -> None:
        self._orders = tuple(orders) or ((),)

    def set_hops(self, first: Sequence[Hop], last: Sequence[Hop] = ()) -> None:
        """Round robin over ``first``, always followed by ``last``."""
        end = tuple(last)
        self.set_orders([(*first[i:], *first[:i], *end) for i in range(len(first))] or [end])
