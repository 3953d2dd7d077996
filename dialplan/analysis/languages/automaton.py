"""Deterministic automata whose states are made while somebody walks through them.

States are small numbers. Nothing leads out of DEAD, which accepts nothing, and FULL, which accepts everything. The
edges of a state are disjoint masks that together are the whole alphabet.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Mapping
from functools import cached_property

from dialplan.syntax import Node

from .alphabet import Alphabet
from .graph import ACCEPT, BEGIN, Graph

DEAD = 0
FULL = 1

Edges = tuple[tuple[int, int], ...]
"""(mask, next state)."""
Ways = tuple[tuple[int, int, int], ...]
"""(mask, next state, the number of characters, at least, from there to the end)."""
MAX_STATES = 50_000
"""Of one automaton."""
MAX_MEASURED = 400
"""An automaton with more states is not made as a whole."""
MAX_BEGINNING = 40
"""Characters of a common beginning that are looked at."""
FAR = 1 << 30
"""The distance of a state from which no way leads to acceptance."""


class NotProved(Exception):
    """The question is still open: it takes too many states, or there is no exact way to compute it."""


class Automaton(ABC):
    """The set of aliases that lead from ``start`` to an accepting state."""

    def __init__(self, alphabet: Alphabet) -> None:
        self.alphabet = alphabet
        self.node: Node | None = None
        """The tree of which it was made, when it was made of one."""
        everything = alphabet.everything
        self._edges: list[Edges | None] = [((everything, DEAD),), ((everything, FULL),)]
        self._ways: tuple[dict[int, Ways], dict[int, Ways]] = ({}, {})
        """``edges`` without those that never lead to acceptance, and without those to FULL."""
        self._accepting: list[bool] = [False, True]
        self._numbers: dict[Hashable, int] = {}
        self._keys: list[Hashable] = [None, None]
        self.start = self._number(self._start())

    def edges(self, state: int) -> Edges:
        """Raises NotProved when the automaton becomes too large."""
        edges = self._edges[state]
        if edges is None:
            edges = self._edges[state] = self._merged(self._moves(self._keys[state]))
        return edges

    def ways(self, state: int, dead_end: int) -> Ways:
        """The edges that do not lead to ``dead_end``, DEAD or FULL, nor, with DEAD, to states as good as DEAD.

        With FULL the distance is always 0. Raises NotProved as ``edges`` does.
        """
        known = self._ways[dead_end]
        ways = known.get(state)
        if ways is None:
            distances = self.distances if dead_end == DEAD else None
            ways = known[state] = tuple(
                [
                    (mask, after, missing)
                    for mask, after in self.edges(state)
                    if after != dead_end and (missing := distances[after] if distances else 0) < FAR
                ]
            )
        return ways

    def known_ways(self, dead_end: int) -> Mapping[int, Ways]:
        """``ways`` of the states for which they were asked."""
        return self._ways[dead_end]

    def accepting(self, state: int) -> bool:
        return self._accepting[state]

    def after(self, state: int, text: str) -> int:
        """The state that a (folded) text leads to."""
        bits = self.alphabet.bits
        for character in text:
            bit = bits.get(character) or self.alphabet.bit(character)
            for mask, after in self._edges[state] or self.edges(state):
                if mask & bit:
                    state = after
                    break
            else:
                return DEAD  # no symbol: no alias holds the character
            if state == DEAD:
                break
        return state

    def accepts(self, folded: str) -> bool:
        return self.accepting(self.after(self.start, folded))

    @cached_property
    def distances(self) -> list[int] | None:
        """For each state the number of characters, at least, to an accepting one; FAR when there is no way.

        None for an automaton that is too large to be made as a whole. Measured once, which saves a tenth of the time of
        a check (tools/bench/check.py).
        """
        return self._measured() if self._complete() else None

    def beginning(self) -> str:
        """A text with which every alias begins; '' when there is none, or the automaton is too large to tell."""
        distances = self.distances
        if distances is None or distances[self.start] >= FAR:
            return ""
        text, state = "", self.start
        while not self._accepting[state]:
            ways = [(mask, after) for mask, after in self.edges(state) if distances[after] < FAR]
            if len(ways) != 1 or ways[0][0].bit_count() != 1 or len(text) == MAX_BEGINNING:
                break
            text += self.alphabet.character(ways[0][0])
            state = ways[0][1]
        return text

    def _complete(self) -> bool:
        """Makes all states if they are few; whether they are."""
        state = FULL + 1
        try:
            while state < len(self._keys) and state < MAX_MEASURED:
                self.edges(state)
                state += 1
        except NotProved:
            return False
        return state == len(self._keys)

    def _measured(self) -> list[int]:
        before: list[list[int]] = [[] for _ in self._keys]
        for state, edges in enumerate(self._edges):
            for _, after in edges or ():
                before[after].append(state)
        distances = [FAR] * len(self._keys)
        layer = [state for state, accepting in enumerate(self._accepting) if accepting]
        distance = 0
        while layer:
            layer = [state for state in layer if distances[state] == FAR]
            for state in layer:
                distances[state] = distance
            layer = [earlier for state in layer for earlier in before[state]]
            distance += 1
        return distances

    @abstractmethod
    def _start(self) -> Hashable:
        """The key of the first state."""

    @abstractmethod
    def _moves(self, key: Hashable) -> Iterable[tuple[int, Hashable]]:
        """(mask, key of the next state): disjoint masks; the rest of the alphabet leads to DEAD."""

    @abstractmethod
    def _accepts(self, key: Hashable) -> bool: ...

    @abstractmethod
    def _final(self, key: Hashable) -> int | None:
        """DEAD or FULL for a key of which that is known; None for any other."""

    def _number(self, key: Hashable) -> int:
        """Of a key that has none yet."""
        number = self._final(key)
        if number is None:
            number = len(self._keys)
            if number > MAX_STATES:
                raise NotProved(f"more than {MAX_STATES} states")
            self._keys.append(key)
            self._edges.append(None)
            self._accepting.append(self._accepts(key))
        self._numbers[key] = number
        return number

    def _merged(self, moves: Iterable[tuple[int, Hashable]]) -> Edges:
        """One edge for each next state, in the order of symbols."""
        masks: dict[int, int] = {}
        left = self.alphabet.everything
        for mask, key in moves:
            number = self._numbers.get(key)
            if number is None:
                number = self._number(key)
            masks[number] = masks.get(number, 0) | mask
            left &= ~mask
        if left:
            masks[DEAD] = masks.get(DEAD, 0) | left
        return tuple(sorted(zip(masks.values(), masks, strict=True), key=preference))


def preference(edge: tuple[int, int]) -> int:
    """A sort key: the lowest symbol of the edge, whose character a witness has."""
    return edge[0] & -edge[0]


def split(everything: int, moves: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Overlapping (mask, bits) -> disjoint masks, each with the bits of all that cover it."""
    parts = [(everything, 0)]
    for mask, bits in moves:
        result = []
        for part, held in parts:
            common = part & mask
            if not common:
                result.append((part, held))
                continue
            result.append((common, held | bits))
            if common != part:
                result.append((part & ~mask, held))
        parts = result
    return parts


class PatternAutomaton(Automaton):
    """The automaton of a tree without look-arounds. A state's key is a bit mask of readers, bit 0 for ACCEPT."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._behind: dict[int, int] = {}
        """Reader -> the readers, and ACCEPT, that may come next."""
        everything = graph.alphabet.everything
        readers = [number for number, step in enumerate(graph.steps) if step.mask == everything]
        self._sticky = sum(
            1 << reader for reader in readers if self._followers(reader) & (1 | 1 << reader) == 1 | 1 << reader
        )
        """Readers of everything that may follow themselves and always accept: ``.*`` at the end."""
        super().__init__(graph.alphabet)

    def _followers(self, reader: int) -> int:
        bits = self._behind.get(reader)
        if bits is None:
            after = self._graph.next_reader(reader)
            bits = 1 << after if after else sum({1 << number for number, _ in self._graph.paths(reader)})
            self._behind[reader] = bits
        return bits

    def _start(self) -> int:
        return self._followers(BEGIN)

    def _accepts(self, key: Hashable) -> bool:
        assert isinstance(key, int)
        return bool(key & 1 << ACCEPT)

    def _final(self, key: Hashable) -> int | None:
        assert isinstance(key, int)
        if not key:
            return DEAD
        return FULL if key & 1 and key & self._sticky else None

    def _moves(self, key: Hashable) -> Iterable[tuple[int, Hashable]]:
        assert isinstance(key, int)
        by_mask: dict[int, int] = {}
        bits = key & ~1
        if not bits & bits - 1:  # one reader, as within most texts
            number = bits.bit_length() - 1
            return ((self._graph.steps[number].mask, self._followers(number)),) if bits else ()
        while bits:
            low = bits & -bits
            bits ^= low
            number = low.bit_length() - 1
            mask = self._graph.steps[number].mask
            by_mask[mask] = by_mask.get(mask, 0) | self._followers(number)
        return split(self.alphabet.everything, by_mask.items())
