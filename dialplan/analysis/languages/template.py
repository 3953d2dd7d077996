"""Replace strings with groups, turned round: which aliases become one that an automaton accepts?

An alias can fit a regex in many ways, and what a group holds depends on the way; the match takes the first way in order
of preference that fits the whole alias (greedy repetitions prefer to go on). A *thread* here is one way, with the inner
automaton's state after what the replace string has made of it so far, and beside it the readers of all ways that were
preferred to it: when one of those fits in the end, the thread is not the one that counts.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import NamedTuple

from dialplan.pattern.folding import fold
from dialplan.syntax import Group, Look, Node, Repeat, children

from .automaton import DEAD, Automaton, NotProved, split
from .graph import ACCEPT, Graph

BEGIN = -1
"""In place of a reader: nothing has been read."""
MAX_THREADS = 500


class Thread(NamedTuple):
    reader: int
    """The one just left."""
    inner: int
    """The inner automaton's state."""
    done: int
    """How many of the replace string's groups are behind it (or begun)."""
    copying: bool
    """Inside such a group: what is read goes to the inner automaton."""
    preferred: int
    """Bit mask of the readers that preferred ways may come to next; bit 0 for ACCEPT."""


class BeforeTemplate(Automaton):
    """``parts``: texts and group numbers. Raise NotProved for groups out of order, repeated, or nested."""

    def __init__(self, inner: Automaton, node: Node, parts: tuple[str | int, ...]) -> None:
        self._inner = inner
        self._graph = Graph(node, inner.alphabet)
        self._groups = [part for part in parts if isinstance(part, int)]
        self._texts = _texts_between(parts)
        _check(node, self._groups)
        self._preferred: dict[int, list[tuple[int, tuple[int, ...]]]] = {}
        super().__init__(inner.alphabet)

    def _start(self) -> Hashable:
        return frozenset({Thread(BEGIN, self._inner.start, 0, False, 0)})

    def _final(self, key: Hashable) -> int | None:
        return None if key else DEAD

    def _accepts(self, key: Hashable) -> bool:
        assert isinstance(key, frozenset)
        return any(self._thread_accepts(thread) for thread in key)

    def _thread_accepts(self, thread: Thread) -> bool:
        if thread.preferred & 1 << ACCEPT:
            return False
        for number, groups in self._ways(thread.reader):
            if number == ACCEPT:
                state, done, _ = self._through(thread, groups)
                return self._inner.accepting(self._inner.after(state, "".join(self._texts[done:])))
        return False

    def _moves(self, key: Hashable) -> Iterable[tuple[int, Hashable]]:
        assert isinstance(key, frozenset)
        parts: list[tuple[int, frozenset[Thread]]] = [(self.alphabet.everything, frozenset())]
        for thread in key:
            for mask, after in self._thread_moves(thread):
                parts = [
                    (piece, threads | {after} if inside else threads)
                    for part, threads in parts
                    for piece, inside in ((part & mask, True), (part & ~mask, False))
                    if piece
                ]
        if any(len(threads) > MAX_THREADS for _, threads in parts):
            raise NotProved("a regex that fits in too many ways")
        return parts

    def _thread_moves(self, thread: Thread) -> Iterator[tuple[int, Thread]]:
        preferred = thread.preferred & ~1
        for number, groups in self._ways(thread.reader):
            if number == ACCEPT:
                continue
            state, done, copying = self._through(thread, groups)
            own = self._graph.steps[number].mask
            for mask, bits in split(own, list(self._steps_of(preferred))):
                if not copying:
                    yield mask, Thread(number, state, done, False, bits)
                    continue
                for edge, after in self._inner.edges(state):
                    if mask & edge and after != DEAD:
                        yield mask & edge, Thread(number, after, done, True, bits)
            preferred |= 1 << number

    def _through(self, thread: Thread, groups: tuple[int, ...]) -> tuple[int, int, bool]:
        """(inner state, groups done, copying) after the beginnings and ends of groups on the way."""
        state, done, copying = thread.inner, thread.done, thread.copying
        for group in groups:
            if abs(group) not in self._groups:
                continue
            if group > 0:
                place = self._groups.index(group) + 1
                state = self._inner.after(state, "".join(self._texts[done:place]))
                done = place
            copying = group > 0
        return state, done, copying

    def _steps_of(self, readers: int) -> Iterator[tuple[int, int]]:
        """For each of these readers its mask, and the readers behind it."""
        while readers:
            low = readers & -readers
            readers ^= low
            number = low.bit_length() - 1
            yield self._graph.steps[number].mask, sum(1 << one for one, _ in self._ways(number))

    def _ways(self, reader: int) -> list[tuple[int, tuple[int, ...]]]:
        if reader not in self._preferred:
            step = self._graph.start if reader == BEGIN else self._graph.steps[reader].next[0]
            self._preferred[reader] = self._graph.preferred(step, reader == BEGIN)
        return self._preferred[reader]


def _texts_between(parts: tuple[str | int, ...]) -> list[str]:
    """Folded texts: before the first group, between groups, behind the last."""
    texts = [""]
    for part in parts:
        if isinstance(part, int):
            texts.append("")
        else:
            texts[-1] += fold(part)
    return texts


def _check(node: Node, groups: list[int]) -> None:
    if groups != sorted(set(groups)):
        raise NotProved("a replace string with groups out of order, or twice")
    if _awkward(node, frozenset(groups), False):
        raise NotProved("a replace string with groups inside a repetition, a group or a regex with look-arounds")


def _awkward(node: Node, groups: frozenset[int], inside: bool) -> bool:
    """Whether one of the groups is inside a repetition or another of them, or a look-around is there."""
    if isinstance(node, Look):
        return True
    if isinstance(node, Group) and node.index in groups:
        if inside:
            return True
        inside = True
    inside = inside or (isinstance(node, Repeat) and node.maximum != 1)
    return any(_awkward(child, groups, inside) for child in children(node))
