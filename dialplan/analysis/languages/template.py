"""Replace strings with groups, turned round: the aliases that they change into one that an automaton accepts.

An alias can fit a regex in many ways, and each way gives the groups other texts. The match is the most preferred way
that fits the whole alias; greedy repetitions prefer to go on. A *thread* here is one way through the regex. It carries
the state of the inner automaton, which reads the text that the replace string makes, and the readers of all ways that
are preferred to this one: if one of those fits in the end, this thread does not count.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import NamedTuple

from dialplan.pattern.folding import fold
from dialplan.syntax import Group, Look, Node, Repeat, children

from .automaton import DEAD, Automaton, NotProved, split
from .graph import ACCEPT, BEGIN, Bracket, Graph

MAX_THREADS = 500


class Thread(NamedTuple):
    reader: int
    """The reader just left, or BEGIN."""
    inner: int
    """The inner automaton's state."""
    done: int
    """The number of the replace string's groups that are opened."""
    copying: bool
    """The thread is inside such a group: the inner automaton reads along."""
    preferred: int
    """The readers that preferred ways may come to next, as a bit mask; bit 0 for ACCEPT."""


class BeforeTemplate(Automaton):
    """The aliases that the replace string changes into one of ``inner``.

    ``node``: the tree of the regex; ``parts``: texts and group numbers of the replace string.
    """

    def __init__(self, inner: Automaton, node: Node, parts: tuple[str | int, ...]) -> None:
        """Raises NotProved when groups are out of order, repeated or nested, or the regex has look-arounds."""
        self._inner = inner
        self._graph = Graph(node, inner.alphabet)
        self._groups = [part for part in parts if isinstance(part, int)]
        self._texts = _texts_between(parts)
        _check(node, self._groups)
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
        for number, brackets in self._graph.preferred(thread.reader):
            if number == ACCEPT:
                state, done, _ = self._through(thread, brackets)
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
        for number, brackets in self._graph.preferred(thread.reader):
            if number == ACCEPT:
                continue
            state, done, copying = self._through(thread, brackets)
            own = self._graph.steps[number].mask
            for mask, bits in split(own, list(self._steps_of(preferred))):
                if not copying:
                    yield mask, Thread(number, state, done, False, bits)
                    continue
                for edge, after in self._inner.edges(state):
                    if mask & edge and after != DEAD:
                        yield mask & edge, Thread(number, after, done, True, bits)
            preferred |= 1 << number

    def _through(self, thread: Thread, brackets: tuple[Bracket, ...]) -> tuple[int, int, bool]:
        """(inner, done, copying) of the thread behind these brackets."""
        state, done, copying = thread.inner, thread.done, thread.copying
        for bracket in brackets:
            if bracket.group not in self._groups:
                continue
            if bracket.opens:
                place = self._groups.index(bracket.group) + 1
                state = self._inner.after(state, "".join(self._texts[done:place]))
                done = place
            copying = bracket.opens
        return state, done, copying

    def _steps_of(self, readers: int) -> Iterator[tuple[int, int]]:
        """(mask, followers) of each of these readers."""
        while readers:
            low = readers & -readers
            readers ^= low
            number = low.bit_length() - 1
            yield self._graph.steps[number].mask, sum(1 << after for after, _ in self._graph.preferred(number))


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
    """Whether the node has a look-around, or one of the groups inside a repetition or inside another of them."""
    if isinstance(node, Look):
        return True
    if isinstance(node, Group) and node.index in groups:
        if inside:
            return True
        inside = True
    inside = inside or (isinstance(node, Repeat) and node.maximum != 1)
    return any(_awkward(child, groups, inside) for child in children(node))
