"""A pattern's tree as a graph of steps: the common ground of all automata made of it.

A step reads a character, chooses, or asks something of the place (start, end, look-around); choices are in the order in
which a match prefers them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

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


@dataclass(slots=True)
class Step:
    mask: int = 0
    """Not 0: reads one of these symbols."""
    next: list[int] = field(default_factory=list)
    """Where it goes on; several without a mask: a choice, the preferred first."""
    anchor: Anchor | None = None
    look: int = -1
    """Index of a look-around."""
    group: int = 0
    """Not 0: a group begins (> 0) or ends (< 0) here."""


class Graph:
    """``looks``: the bodies of look-arounds, by index."""

    def __init__(self, node: Node, alphabet: Alphabet) -> None:
        self.alphabet = alphabet
        self.steps: list[Step] = [Step()]
        self.looks: list[Look] = []
        self.start = self._add(node, ACCEPT)

    def _new(self, step: Step) -> int:
        self.steps.append(step)
        return len(self.steps) - 1

    def _add(self, node: Node, after: int) -> int:
        """Steps that match the node and go on at ``after``; where they begin."""
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
        end = self._new(Step(next=[after], group=-node.index))
        return self._new(Step(next=[self._add(node.body, end)], group=node.index))

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

    def paths(self, step: int, at_start: bool) -> Iterator[tuple[int, frozenset[int]]]:
        """The readers (and ACCEPT) that can be reached without reading, each with the look-arounds on the way."""
        seen: set[tuple[int, bool, frozenset[int]]] = set()
        waiting: list[tuple[int, bool, frozenset[int]]] = [(step, False, frozenset())]
        while waiting:
            state = waiting.pop()
            if state in seen:
                continue
            seen.add(state)
            number, at_end, looks = state
            here = self.steps[number]
            if number == ACCEPT or (here.mask and not at_end):
                yield number, looks
            if here.mask or (here.anchor and here.anchor.start and not at_start):
                continue
            if here.anchor and not here.anchor.start:
                at_end = True
            if here.look >= 0:
                looks = looks | {here.look}
            waiting += [(after, at_end, looks) for after in here.next]

    def preferred(self, step: int, at_start: bool) -> list[tuple[int, tuple[int, ...]]]:
        """As ``paths``, in the order in which a match prefers them, each reader once, with the groups begun and ended.

        Not for graphs with look-arounds.
        """
        found: dict[int, tuple[int, ...]] = {}
        seen: set[tuple[int, bool]] = set()
        waiting: list[tuple[int, bool, tuple[int, ...]]] = [(step, False, ())]
        while waiting:
            number, at_end, groups = waiting.pop()
            if (number, at_end) in seen:
                continue
            seen.add((number, at_end))
            here = self.steps[number]
            if number == ACCEPT or (here.mask and not at_end):
                found.setdefault(number, groups)
            if here.mask or (here.anchor and here.anchor.start and not at_start):
                continue
            if here.anchor and not here.anchor.start:
                at_end = True
            groups = (*groups, here.group) if here.group else groups
            waiting += [(after, at_end, groups) for after in reversed(here.next)]
        return list(found.items())
