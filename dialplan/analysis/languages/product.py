"""Walking through several automata at once: is there an alias that these accept and those do not?"""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush

from .alphabet import Alphabet
from .automaton import DEAD, FAR, FULL, Automaton, NotProved

MAX_STEPS = 400_000
"""States times automata of one product. Beyond it the question stays open."""

State = tuple[int, ...]
Trail = dict[State, tuple[State, int] | None]
"""State -> the one before and the mask read between."""
Parts = list[tuple[int, State]]


def first(alphabet: Alphabet, inside: tuple[Automaton, ...], outside: tuple[Automaton, ...]) -> str | None:
    """The first text of all, by length and then by preference of characters, whatever automata describe them.

    None when there is none. Raise NotProved.
    """
    product = _Product(alphabet, inside, outside)
    start = product.start
    trail: Trail = {start: None}
    waiting = deque([] if product.hopeless(start) else [start])
    while waiting:
        state = waiting.popleft()
        if product.accepting(state):
            return _word(alphabet, trail, state)
        for mask, after in sorted(product.edges(state), key=_preference):
            if after not in trail and not product.hopeless(after):
                trail[after] = (state, mask)
                waiting.append(after)
        product.check(len(trail))
    return None


def shortest(alphabet: Alphabet, inside: tuple[Automaton, ...], outside: tuple[Automaton, ...]) -> str | None:
    """A text as short as any; faster than ``first``: states are taken by how near to the end they can be at best."""
    product = _Product(alphabet, inside, outside)
    start = product.start
    trail: Trail = {start: None}
    lengths = {start: 0}
    waiting: list[tuple[int, int, int, State]] = []
    if product.missing(start) < FAR:
        waiting.append((product.missing(start), 0, 0, start))
    pushed = 0
    while waiting:
        _, length, _, state = heappop(waiting)
        length = -length
        if lengths[state] < length:
            continue
        if product.accepting(state):
            return _word(alphabet, trail, state)
        length += 1
        for mask, after in product.edges(state):
            if lengths.get(after, FAR) <= length:
                continue
            missing = product.missing(after)
            if missing < FAR:
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
        self._distances = [one.distances() for one in inside]
        self._most = MAX_STEPS // max(1, len(self._automata))
        self.start: State = tuple(one.start for one in self._automata)

    def check(self, states: int) -> None:
        if states > self._most:
            raise NotProved(f"more than {self._most} states")

    def hopeless(self, state: State) -> bool:
        return DEAD in state[: self._count] or FULL in state[self._count :]

    def missing(self, state: State) -> int:
        """At least so many characters to the end; FAR when there is none."""
        if FULL in state[self._count :]:
            return FAR
        missing = 0
        for distances, number in zip(self._distances, state, strict=False):
            if number == DEAD:
                return FAR
            if distances is not None and distances[number] > missing:
                missing = distances[number]
        return missing

    def accepting(self, state: State) -> bool:
        for place, (automaton, number) in enumerate(zip(self._automata, state, strict=True)):
            if automaton.accepting(number) != (place < self._count):
                return False
        return True

    def edges(self, state: State) -> Parts:
        """Disjoint masks."""
        parts: Parts = [(self._everything, ())]
        for automaton, number in zip(self._automata, state, strict=True):
            edges = automaton.edges(number)
            if len(edges) == 1:
                tail = (edges[0][1],)
                parts = [(mask, states + tail) for mask, states in parts]
            elif len(parts) == 1:
                states = parts[0][1]
                parts = [(edge, (*states, after)) for edge, after in edges]
            else:
                parts = [
                    (both, (*states, after)) for mask, states in parts for edge, after in edges if (both := mask & edge)
                ]
        return parts


def _preference(part: tuple[int, State]) -> int:
    return part[0] & -part[0]


def _word(alphabet: Alphabet, trail: Trail, state: State) -> str:
    characters: list[str] = []
    step = trail[state]
    while step is not None:
        state, mask = step
        characters.append(alphabet.character(mask))
        step = trail[state]
    return "".join(reversed(characters))
