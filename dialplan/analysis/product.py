"""Walking through several automata at once: is there an alias that these accept and those do not?"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from .alphabet import Alphabet, first_symbol
from .automaton import DEAD, FULL, Automaton, NotProved

MAX_STEPS = 400_000
"""States times automata of one product. Beyond it the question stays open."""

State = tuple[int, ...]
Trail = dict[State, tuple[State, int] | None]
"""State -> the one before and the mask read between."""


def shortest(alphabet: Alphabet, inside: tuple[Automaton, ...], outside: tuple[Automaton, ...]) -> str | None:
    """A shortest text, None when there is none. Raise NotProved.

    Of the shortest ones it is the first in the alphabet's order of preference, whatever automata describe them.
    """
    product = Product(alphabet, inside, outside)
    start = product.start
    trail: Trail = {start: None}
    waiting = deque([start])
    if product.hopeless(start):
        return None
    while waiting:
        state = waiting.popleft()
        if product.accepting(state):
            return _word(alphabet, trail, state)
        for mask, after in product.edges(state):
            if after not in trail and not product.hopeless(after):
                trail[after] = (state, mask)
                waiting.append(after)
        if len(trail) * product.width > MAX_STEPS:
            raise NotProved(f"more than {MAX_STEPS // product.width} states")
    return None


class Product:
    def __init__(self, alphabet: Alphabet, inside: tuple[Automaton, ...], outside: tuple[Automaton, ...]) -> None:
        self._everything = alphabet.everything
        self._automata = (*inside, *outside)
        self._count = len(inside)
        self.width = max(1, len(self._automata))
        self._inside = inside
        self._outside = outside

    @property
    def start(self) -> State:
        return tuple(one.start for one in self._automata)

    def hopeless(self, state: State) -> bool:
        return DEAD in state[: self._count] or FULL in state[self._count :]

    def accepting(self, state: State) -> bool:
        return all(one.accepting(number) for one, number in zip(self._inside, state, strict=False)) and not any(
            one.accepting(number) for one, number in zip(self._outside, state[self._count :], strict=True)
        )

    def edges(self, state: State) -> list[tuple[int, State]]:
        """In the order of preference of what they read."""
        parts: list[tuple[int, State]] = [(self._everything, ())]
        for automaton, number in zip(self._automata, state, strict=True):
            edges = automaton.edges(number)
            if len(edges) == 1:
                after = edges[0][1]
                parts = [(mask, (*states, after)) for mask, states in parts]
                continue
            parts = list(_crossed(parts, edges))
        return sorted(parts, key=_preference) if len(parts) > 1 else parts


def _preference(part: tuple[int, State]) -> int:
    return first_symbol(part[0])


def _crossed(parts: list[tuple[int, State]], edges: tuple[tuple[int, int], ...]) -> Iterator[tuple[int, State]]:
    for mask, states in parts:
        for edge, after in edges:
            both = mask & edge
            if both:
                yield both, (*states, after)


def _word(alphabet: Alphabet, trail: Trail, state: State) -> str:
    characters: list[str] = []
    step = trail[state]
    while step is not None:
        state, mask = step
        characters.append(alphabet.character(mask))
        step = trail[state]
    return "".join(reversed(characters))
