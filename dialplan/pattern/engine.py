"""Matching an expanded tree against a whole alias in linear time: by plain text tests if they suffice, else by RE2."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import re2

from dialplan.syntax import (
    Alternation,
    Anchor,
    Group,
    Node,
    PatternError,
    Sequence,
    children,
    flattened,
    has_look,
    is_anything,
)

from .folding import Test
from .literals import Texts, finite, required
from .look import BoundCondition, Mark, conditions_of, marked, marks_of, slice_pattern, without_edge_anchors
from .rendering import render

MAX_PLAIN = 16
"""A pattern of more texts goes to RE2. It reads an alias once, in 1 to 2 us; 64 texts looked for in turn take 5 us."""

_START, _END = Anchor(True), Anchor(False)

_QUIET = re2.Options()
_QUIET.log_errors = False

Groups = tuple[str, ...]
"""The whole alias, then the text of each group; '' for a group that took no part."""


@dataclass(frozen=True, slots=True)
class Plain:
    """A choice of plain texts, with anything or nothing on each side.

    With RE2 in its place 10,000 rules take a third more time to compile, and a search among them a fifth more
    (tools/bench/search.py).
    """

    texts: tuple[str, ...]
    open_start: bool = False
    open_end: bool = False

    def test(self) -> Test:
        texts = self.texts
        if self.open_start and self.open_end and len(texts) == 1:
            (text,) = texts
            return lambda folded: text in folded
        if self.open_start and self.open_end:
            return lambda folded: any(text in folded for text in texts)
        if self.open_start:
            return lambda folded: folded.endswith(texts)
        if self.open_end:
            return lambda folded: folded.startswith(texts)
        return frozenset(texts).__contains__


def plain_of(node: Node) -> Plain | None:
    """The plain form of a pattern that has one."""
    items = flattened(node)
    if items and items[0] == _START:
        items = items[1:]
    if items and items[-1] == _END:
        items = items[:-1]
    open_start = bool(items) and is_anything(items[0])
    items = items[1:] if open_start else items
    open_end = bool(items) and is_anything(items[-1])
    texts = finite(Sequence(tuple(items[:-1] if open_end else items)))
    if texts is None or len(texts) > MAX_PLAIN:
        return None
    return Plain(tuple(sorted(texts)), open_start, open_end)


def tester(node: Node) -> Test:
    """The fastest test for a tree without look-arounds."""
    plain = plain_of(node)
    return plain.test() if plain else _re2_test(node, required(node))


class Regex:
    """A compiled regular expression. ``test`` and ``groups`` take linear time for every pattern and alias."""

    __slots__ = ("_branches", "_node", "plain", "required", "test")

    def __init__(self, node: Node, modest: bool = False) -> None:
        """``node`` is expanded. Raises PatternError when a look-around is out of reach, or the pattern too large.

        ``modest``: it is not too large for RE2, which then is not asked before an alias is tested. Of 10,000 rules
        3,000 need RE2; without them the plan is compiled in 0.17 instead of 0.27 s (tools/bench/search.py), and the
        first alias that the index leads to such a rule waits 25 us.
        """
        self._node = node
        self._branches: list[_Branch] | None = None
        if has_look(node):
            branches = node.branches if isinstance(node, Alternation) else (node,)
            self._branches = [_Branch(branch) for branch in branches]
            self.plain: Plain | None = None
            self.required: Texts | None = required(Alternation(tuple(branch.node for branch in self._branches)))
            tests = [branch.test for branch in self._branches]
            self.test: Test = tests[0] if len(tests) == 1 else lambda folded: any(test(folded) for test in tests)
            return
        self.plain = plain_of(node)
        self.required = frozenset(self.plain.texts) if self.plain else required(node)
        self.test = self.plain.test() if self.plain else _re2_test(node, self.required, modest)

    def groups(self, alias: str, folded: str) -> Groups:
        """The text of each group, in the case of ``alias``, which must match."""
        if self._branches is None:
            self._branches = [_Branch(self._node, self.test)]
        branch = next(branch for branch in self._branches if branch.test(folded))
        return branch.groups(alias, folded)


class _Branch:
    """One alternative of a pattern: conditions at fixed places, and the rest with its marks."""

    __slots__ = ("_capturing", "_indexes", "_marks", "node", "test")

    def __init__(self, node: Node, test: Test | None = None) -> None:
        """``test``: of a branch without look-arounds, when it is made already."""
        self._capturing: Any = None
        """Compiled when it is first needed, for most rules leave the alias. 10,000 rules that do are compiled in 0.4
        instead of 0.6 s (tools/bench/search.py)."""
        self._indexes: tuple[int, ...] = ()
        self._marks: dict[int, Mark] = {}
        self.node = node
        if test is not None:
            self.test: Test = test
            return
        self.node, conditions = conditions_of(node)
        if has_look(self.node):
            self.node = without_edge_anchors(self.node)
            self._marks = marks_of(self.node)
        rest = self._marked_test() if self._marks else tester(self.node)
        bound = [BoundCondition(condition, tester(slice_pattern(condition))) for condition in conditions]
        self.test = lambda folded: rest(folded) and all(condition.holds(folded) for condition in bound)

    def groups(self, alias: str, folded: str) -> Groups:
        """As ``Regex.groups``, for an alias that this branch matches."""
        if self._capturing is None:
            codes = {at: mark.code_point for at, mark in self._marks.items()}
            self._capturing = _compile(render(self.node, capture=True, marks=codes))
            self._indexes = tuple(sorted(_indexes(self.node)))
        text = marked(folded, self._marks.values()) if self._marks else folded
        # As bytes where offsets stay the same: three groups take 30 us instead of 60.
        match = self._capturing.fullmatch(text.encode() if text.isascii() else text)
        result = [alias] + [""] * (self._indexes[-1] if self._indexes else 0)
        for number, index in enumerate(self._indexes, start=1):
            start, end = match.span(number)
            if self._marks:
                start, end = self._unmarked(text, start), self._unmarked(text, end)
            if start >= 0:
                result[index] = alias[start:end]
        return tuple(result)

    def _marked_test(self) -> Test:
        codes = {at: mark.code_point for at, mark in self._marks.items()}
        expression = _compile(render(self.node, marks=codes))
        marks = tuple(self._marks.values())
        return lambda folded: expression.fullmatch(marked(folded, marks).encode()) is not None

    def _unmarked(self, text: str, offset: int) -> int:
        marks = {chr(mark.code_point) for mark in self._marks.values()}
        return offset - sum(character in marks for character in text[: max(offset, 0)])


def _matcher(node: Node) -> Callable[[bytes], Any]:
    """Raises PatternError when the tree is too large."""
    matcher: Callable[[bytes], Any] = _compile(render(node)).fullmatch
    return matcher


def _re2_test(node: Node, texts: Texts | None, modest: bool = False) -> Test:
    """``texts``: those of which every match contains one; ``modest`` as in Regex.

    A single one is looked for before RE2 is asked: a search among ten rules takes 3.7 instead of 4.8 us.
    """
    (text,) = texts if texts is not None and len(texts) == 1 else ("",)
    fullmatch = None if modest else _matcher(node)

    def test(folded: str) -> bool:
        nonlocal fullmatch
        if text not in folded:
            return False
        if fullmatch is None:
            fullmatch = _matcher(node)
        return fullmatch(folded.encode()) is not None

    return test


def _compile(expression: str) -> Any:
    try:
        return re2.compile(expression, _QUIET)
    except re2.error as error:
        raise PatternError(0, "a pattern too large to match", str(error)) from None


def _indexes(node: Node) -> list[int]:
    own = [node.index] if isinstance(node, Group) and node.index else []
    return own + [index for child in children(node) for index in _indexes(child)]
