"""A pattern's tree as a graph of steps, from which all automata are made.

A step reads a character, chooses a way, opens or closes a group, or tests the place: start, end, look-around. A step
that reads is called a reader. Ways are in the order in which a match prefers them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from dialplan.syntax import (
    Alternation,
    Anchor,
    AnyCharacter,
    CharacterSet,
    Group,
    Literal,
    Look,
    Node,
    Repeat,
    Sequence,
)

from .alphabet import Alphabet

ACCEPT = 0
"""The step at which the alias has been read."""
BEGIN = -1
"""Stands for a reader where nothing has been read yet."""


class Bracket(NamedTuple):
    """An opening or a closing bracket of a group that captures."""

    group: int
    opens: bool


Path = tuple[int, frozenset[int]]
"""(a reader or ACCEPT, the look-arounds on the way to it)."""
PreferredPath = tuple[int, tuple[Bracket, ...]]
"""(a reader or ACCEPT, the brackets on the way to it)."""


@dataclass(slots=True)
class Step:
    mask: int = 0
    """Not 0: reads one of these symbols."""
    next: list[int] = field(default_factory=list)
    """The next step; several: a choice, the preferred first."""
    anchor: Anchor | None = None
    look: int | None = None
    """Index of a look-around."""
    bracket: Bracket | None = None


class Graph:
    """``looks``: the look-arounds by their index."""

    def __init__(self, node: Node, alphabet: Alphabet) -> None:
        self.alphabet = alphabet
        self.steps: list[Step] = [Step()]
        self.looks: list[Look] = []
        self._start = self._add(node, ACCEPT)
        self._paths: dict[int, list[Path]] = {}
        """Made once for each reader: an automaton of 4,000 states, ``(a|b)*a(a|b){11}``, takes a third of the time."""
        self._preferred: dict[int, list[PreferredPath]] = {}

    def _new(self, step: Step) -> int:
        self.steps.append(step)
        return len(self.steps) - 1

    def _add(self, node: Node, after: int) -> int:
        """Adds the steps that match the node and go on at ``after``; their first step."""
        if isinstance(node, Literal):
            for character in reversed(node.text):
                after = self._reader(self.alphabet.mask_of_character(character), after)
            return after
        if isinstance(node, CharacterSet):
            return self._reader(self.alphabet.mask(node.ranges), after)
        if isinstance(node, AnyCharacter):
            return self._reader(self.alphabet.everything, after)
        if isinstance(node, Sequence):
            for item in reversed(node.items):
                after = self._add(item, after)
            return after
        if isinstance(node, Alternation):
            return self._new(Step(next=[self._add(branch, after) for branch in node.branches]))
        if isinstance(node, Group):
            return self._group(node, after)
        if isinstance(node, Repeat):
            return self._repeat(node, after)
        if isinstance(node, Anchor):
            return self._new(Step(next=[after], anchor=node))
        if isinstance(node, Look):
            self.looks.append(node)
            return self._new(Step(next=[after], look=len(self.looks) - 1))
        raise TypeError(f"{node} is not expanded")

    def _reader(self, mask: int, after: int) -> int:
        return self._new(Step(mask, [after]) if mask else Step())

    def _group(self, node: Group, after: int) -> int:
        if not node.index:
            return self._add(node.body, after)
        end = self._new(Step(next=[after], bracket=Bracket(node.index, False)))
        return self._new(Step(next=[self._add(node.body, end)], bracket=Bracket(node.index, True)))

    def _repeat(self, node: Repeat, after: int) -> int:
        if node.maximum is None:
            loop = self._new(Step())
            choice = [self._add(node.body, loop), after]
            self.steps[loop].next = choice[::-1] if node.lazy else choice
            after = loop
        else:
            end = after
            for _ in range(node.maximum - node.minimum):
                choice = [self._add(node.body, after), end]
                after = self._new(Step(next=choice[::-1] if node.lazy else choice))
        for _ in range(node.minimum):
            after = self._add(node.body, after)
        return after

    def paths(self, reader: int) -> list[Path]:
        """The readers, and ACCEPT, that may come next behind a reader or BEGIN."""
        if reader not in self._paths:
            self._paths[reader] = self._found_paths(reader)
        return self._paths[reader]

    def next_reader(self, reader: int) -> int:
        """The one reader that comes next, without anything on the way to it; 0 where that is not so plain."""
        after = self._behind(reader)
        return after if self.steps[after].mask else 0

    def _found_paths(self, reader: int) -> list[Path]:
        if after := self.next_reader(reader):
            return [(after, frozenset())]
        paths: list[Path] = []
        seen: set[tuple[int, bool, frozenset[int]]] = set()
        waiting: list[tuple[int, bool, frozenset[int]]] = [(self._behind(reader), False, frozenset())]
        while waiting:
            state = waiting.pop()
            if state in seen:
                continue
            seen.add(state)
            number, at_end, looks = state
            step = self.steps[number]
            if number == ACCEPT or (step.mask and not at_end):
                paths.append((number, looks))
            if not self._passes(step, reader):
                continue
            looks = looks if step.look is None else looks | {step.look}
            waiting += [(after, at_end or _is_end(step), looks) for after in step.next]
        return paths

    def preferred(self, reader: int) -> list[PreferredPath]:
        """As ``paths``, each reader once, in the order in which a match prefers them.

        Not for graphs with look-arounds.
        """
        if reader not in self._preferred:
            self._preferred[reader] = self._found_preferred(reader)
        return self._preferred[reader]

    def _found_preferred(self, reader: int) -> list[PreferredPath]:
        paths: dict[int, tuple[Bracket, ...]] = {}
        seen: set[tuple[int, bool]] = set()
        waiting: list[tuple[int, bool, tuple[Bracket, ...]]] = [(self._behind(reader), False, ())]
        while waiting:
            number, at_end, brackets = waiting.pop()
            if (number, at_end) in seen:
                continue
            seen.add((number, at_end))
            step = self.steps[number]
            if number == ACCEPT or (step.mask and not at_end):
                paths.setdefault(number, brackets)
            if not self._passes(step, reader):
                continue
            brackets = (*brackets, step.bracket) if step.bracket else brackets
            waiting += [(after, at_end or _is_end(step), brackets) for after in reversed(step.next)]
        return list(paths.items())

    def _behind(self, reader: int) -> int:
        return self._start if reader == BEGIN else self.steps[reader].next[0]

    def _passes(self, step: Step, reader: int) -> bool:
        """Whether a way behind ``reader`` goes on through the step without reading."""
        return not step.mask and (step.anchor is None or not step.anchor.start or reader == BEGIN)


def _is_end(step: Step) -> bool:
    return step.anchor is not None and not step.anchor.start
