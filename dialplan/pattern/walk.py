"""The tree of a pattern without mistakes, in one walk of a regular expression through its text.

The expression is made of the terminals of the grammar, and the nodes by whatever builds them for Lark, whose parser
finds and explains mistakes and takes four times as long: 10,000 rules are read in 0.5 instead of 0.8 s
(tools/bench/search.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from dialplan.syntax import Node, PatternError

Build = Callable[[list[Any]], Node]
"""Makes a node of its tokens and of the nodes below it, as the grammar has them in one alternative."""


class Terminal(Protocol):
    """Of Lark's."""

    name: str
    pattern: Any


class PatternToken(str):
    """A token, which is also its text. ``start_pos``: its offset in the pattern."""

    __slots__ = ("start_pos",)

    start_pos: int


class Walk:
    """One grammar of patterns."""

    def __init__(
        self,
        terminals: re.Pattern[str],
        atoms: Mapping[str, Build],
        openings: Mapping[str, Build],
        flags: Build,
        repeat: Build,
        branch: Build,
        branches: Build,
    ) -> None:
        """``terminals``: a group for each, named like it. ``atoms`` and ``openings``: what is made of each of them."""
        self._terminals, self._atoms, self._openings, self._flags = terminals, atoms, openings, flags
        self._repeat, self._branch, self._branches = repeat, branch, branches

    def tree(self, text: str) -> Node | None:
        """None when the pattern has a mistake."""
        try:
            return self._tree(text)
        except PatternError:
            return None

    def _tree(self, text: str) -> Node | None:
        outer: list[tuple[PatternToken, Build, list[Node], list[Node]]] = []
        branches, pieces = list[Node](), list[Node]()
        position, repeatable = 0, False
        for match in self._terminals.finditer(text):
            start, end = match.span()
            if start != position:
                return None
            position, kind = end, match.lastgroup or ""
            token = PatternToken(match[0])
            token.start_pos = start
            if (atom := self._atoms.get(kind)) is not None:
                pieces.append(atom([token]))
                repeatable = True
            elif kind == "REPETITION":
                if not repeatable:
                    return None
                pieces[-1] = self._repeat([pieces[-1], token])
                repeatable = False
            elif (opening := self._openings.get(kind)) is not None:
                outer.append((token, opening, branches, pieces))
                branches, pieces, repeatable = [], [], False
            elif kind == "VBAR":
                branches.append(self._branch(pieces))
                pieces, repeatable = [], False
            elif kind == "FLAGS":
                pieces.append(self._flags([token]))
                repeatable = False
            else:  # a closing bracket
                if not outer:
                    return None
                body = self._branches([*branches, self._branch(pieces)])
                opened, build, branches, pieces = outer.pop()
                pieces.append(build([opened, body]))
                repeatable = True
        return self._branches([*branches, self._branch(pieces)]) if position == len(text) and not outer else None


def in_one(terminals: Iterable[Terminal], ignored: Iterable[str] = ()) -> re.Pattern[str]:
    """The terminals in the order in which Lark's lexer tries them; one that is ignored has no name."""
    ignored = frozenset(ignored)
    texts = (
        f"(?:{terminal.pattern.to_regexp()})"
        if terminal.name in ignored
        else f"(?P<{terminal.name}>{terminal.pattern.to_regexp()})"
        for terminal in terminals
    )
    return re.compile("|".join(texts))
