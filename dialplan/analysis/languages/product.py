"""A walk through several automata at once, to an alias that some of them accept and the others do not."""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush

from .alphabet import Alphabet, first_symbol
from .automaton import DEAD, FAR, FULL, Automaton, NotProved

MAX_STEPS = 400_000
"""States times automata of one product. Beyond it the question stays open."""

State = tuple[int, ...]
Trail = dict[State, tuple[State, int] | None]
"""State -> (the state before, the mask read between); None at the start."""
Parts = list[tuple[int, State, int]]


def first(alphabet: Alphabet, inside: tuple[Automaton, ...], outside: tuple[Automaton, ...]) -> str | None:
    """The first text, by length and then by the order of symbols: equal languages have the same.

    None when there is none. Raises NotProved when the product is too large.
    """
    product = _Product(alphabet, inside, outside)
    start = product.start
    trail: Trail = {start: None}
    waiting = deque([] if product.hopeless(start) else [start])
    while waiting:
        state = waiting.popleft()
        if product.accepting(state):
            return _word(alphabet, trail, state)
        for mask, after, _ in sorted(product.edges(state), key=lambda edge: first_symbol(edge[0])):
            if after not in trail:
                trail[after] = (state, mask)
                waiting.append(after)
        product.check(len(trail))
    return None


def shortest(alphabet: Alphabet, inside: tuple[Automaton, ...], outside: tuple[Automaton, ...]) -> str | None:
    """A text as short as any; None when there is none. Raises NotProved when the product is too large.

    States are taken in the order of their length at best (A*), so it visits fewer than ``first``: with that in its
    place ``diff`` takes twice as long (tools/bench/check.py).
    """
    product = _Product(alphabet, inside, outside)
    start = product.start
    trail: Trail = {start: None}
    lengths = {start: 0}
    waiting: list[tuple[int, int, int, State]] = []
    if not product.hopeless(start):
        waiting.append((0, 0, 0, start))
    pushed = 0
    while waiting:
        least, length, _, state = heappop(waiting)
        length = -length
        if lengths[state] < length:
            continue
        if least == length and product.accepting(state):  # what is accepted has nothing missing
            return _word(alphabet, trail, state)
        length += 1
        for mask, after, missing in product.edges(state):
            if lengths.get(after, FAR) > length:
                lengths[after] = length
                trail[after] = (state, mask)
                pushed += 1
                heappush(waiting, (length + missing, -length, pushed, after))
        product.check(len(trail))
    return None


class _Product:
    def __init__(self, alphabet: Alphabet, inside: tuple[Automaton, ...], outside: tuple[Automaton, ...]) -> None:
        self._everything = alphabet.everything
        self._automata = (*inside, *outside)
        self._count = len(inside)
        self._dead_ends = (DEAD,) * len(inside) + (FULL,) * len(outside)
        self._known = [
            automaton.known_ways(dead_end) for automaton, dead_end in zip(self._automata, self._dead_ends, strict=True)
        ]
        self._most = MAX_STEPS // max(1, len(self._automata))
        self.start: State = tuple(automaton.start for automaton in self._automata)

    def check(self, states: int) -> None:
        if states > self._most:
            raise NotProved(f"more than {self._most} states")

    def hopeless(self, state: State) -> bool:
        return DEAD in state[: self._count] or FULL in state[self._count :]

    def accepting(self, state: State) -> bool:
        for place, (automaton, number) in enumerate(zip(self._automata, state, strict=True)):
            if automaton.accepting(number) != (place < self._count):
                return False
        return True

    def edges(self, state: State) -> Parts:
        """(mask, next state, the number of characters, at least, from there to the end): disjoint masks, without those
        that lead nowhere.

        Leaving these out at each automaton, not behind the last one, saves half the time of a check.
        """
        parts: Parts = [(self._everything, (), 0)]
        for number, known, automaton, dead_end in zip(state, self._known, self._automata, self._dead_ends, strict=True):
            ways = known.get(number) or automaton.ways(number, dead_end)
            parts = [
                (both, (*states, after), missing if missing > further else further)
                for mask, states, missing in parts
                for edge, after, further in ways
                if (both := mask & edge)
            ]
        return parts


def _word(alphabet: Alphabet, trail: Trail, state: State) -> str:
    characters: list[str] = []
    step = trail[state]
    while step is not None:
        state, mask = step
        characters.append(alphabet.character(mask))
        step = trail[state]
    return "".join(reversed(characters))
