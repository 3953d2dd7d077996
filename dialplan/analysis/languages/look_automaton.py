"""Automata of patterns with look-arounds, exact at any place.

A look-behind is about the text before its place: an automaton of ``.*body`` runs along from the start, and must accept
here. A look-ahead is about the text behind its place: an automaton of ``body.*`` begins here, runs along, and must
accept at the end. (Negated, neither may accept.) So one way through the pattern is a *thread*: the reader just left,
the look-aheads still under way, the states of the look-behinds. The threads that are alive together are one state.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from dialplan.syntax import ANYTHING, Group, Look, Sequence

from .alphabet import Alphabet
from .automaton import DEAD, FULL, Automaton, NotProved, PatternAutomaton
from .graph import ACCEPT, BEGIN, Graph

MAX_THREADS = 2000

Aheads = frozenset[tuple[int, int]]
"""(look-around, state of its automaton)."""
Thread = tuple[int, Aheads, tuple[int, ...]]


class LookAutomaton(Automaton):
    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._looks = [_body_automaton(look, graph.alphabet) for look in graph.looks]
        self._behinds = tuple(number for number, look in enumerate(graph.looks) if not look.ahead)
        super().__init__(graph.alphabet)

    def _start(self) -> Hashable:
        behinds = tuple(self._looks[number].start for number in self._behinds)
        return frozenset({(BEGIN, frozenset[tuple[int, int]](), behinds)})

    def _final(self, key: Hashable) -> int | None:
        return None if key else DEAD

    def _accepts(self, key: Hashable) -> bool:
        assert isinstance(key, frozenset)
        return any(self._thread_accepts(thread) for thread in key)

    def _moves(self, key: Hashable) -> Iterable[tuple[int, Hashable]]:
        assert isinstance(key, frozenset)
        parts: list[tuple[int, set[Thread]]] = [(self.alphabet.everything, set())]
        for thread in key:
            for mask, after in self._thread_moves(thread):
                parts = _added(parts, mask, after)
        if any(len(threads) > MAX_THREADS for _, threads in parts):
            raise NotProved("look-arounds under way in too many places")
        return [(mask, frozenset(threads)) for mask, threads in parts]

    def _thread_accepts(self, thread: Thread) -> bool:
        for number, aheads in self._passable(thread):
            if number == ACCEPT and all(
                self._looks[look].accepting(state) != self._negated(look) for look, state in aheads
            ):
                return True
        return False

    def _thread_moves(self, thread: Thread) -> Iterable[tuple[int, Thread]]:
        for number, aheads in self._passable(thread):
            if number == ACCEPT:
                continue
            parts: list[tuple[int, Aheads, tuple[int, ...]]] = [(self._graph.steps[number].mask, frozenset(), ())]
            for look, state in aheads:
                parts = [
                    (both, done | kept, behinds)
                    for mask, done, behinds in parts
                    for edge, after in self._looks[look].edges(state)
                    if (both := mask & edge) and (kept := self._kept(look, after)) is not None
                ]
            for place, look in enumerate(self._behinds):
                parts = [
                    (both, done, (*behinds, after))
                    for mask, done, behinds in parts
                    for edge, after in self._looks[look].edges(thread[2][place])
                    if (both := mask & edge)
                ]
            for mask, done, behinds in parts:
                yield mask, (number, done, behinds)

    def _passable(self, thread: Thread) -> Iterable[tuple[int, Aheads]]:
        """(a reader or ACCEPT that may come next, the look-aheads then under way)."""
        reader, under_way, behinds = thread
        for number, looks in self._graph.paths(reader):
            aheads = set(under_way)
            for look in looks:
                automaton = self._looks[look]
                if self._graph.looks[look].ahead:
                    kept = self._kept(look, automaton.start)
                    if kept is None:
                        break
                    aheads |= kept
                elif automaton.accepting(behinds[self._behinds.index(look)]) == self._negated(look):
                    break
            else:
                yield number, frozenset(aheads)

    def _kept(self, look: int, state: int) -> Aheads | None:
        """The look-ahead that is still under way; an empty set when it is fulfilled, None when it has failed."""
        if state in (DEAD, FULL):
            return frozenset() if (state == FULL) != self._negated(look) else None
        return frozenset({(look, state)})

    def _negated(self, look: int) -> bool:
        return self._graph.looks[look].negated


def _body_automaton(look: Look, alphabet: Alphabet) -> PatternAutomaton:
    body = Group(look.body)
    return PatternAutomaton(Graph(Sequence((body, ANYTHING) if look.ahead else (ANYTHING, body)), alphabet))


def _added(parts: list[tuple[int, set[Thread]]], mask: int, thread: Thread) -> list[tuple[int, set[Thread]]]:
    result = []
    for part, threads in parts:
        common = part & mask
        if not common:
            result.append((part, threads))
            continue
        result.append((common, threads | {thread}))
        if common != part:
            result.append((part & ~mask, threads))
    return result
