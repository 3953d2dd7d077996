"""The tree of a pattern: the parser builds it, matching and analysis read it.

docs/dialplan.md, "Patterns", describes the language: the whole alias must match, ASCII case does not count, ``.`` is
any character. Nodes keep the case of the source. ``at`` is the offset in the pattern text and takes no part in
comparisons.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from operator import is_

MAX_CODE_POINT = 0x10FFFF

Range = tuple[int, int]
"""First and last code point, both included."""


@dataclass(frozen=True, slots=True)
class Literal:
    text: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class CharacterSet:
    """One character inside the ranges or, negated, one outside them."""

    ranges: tuple[Range, ...]
    negated: bool = False
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class AnyCharacter:
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Anchor:
    """``^`` (start) or ``$``: the start or the end of the alias."""

    start: bool
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Variable:
    """``%name%``, in lower case, without the percent signs."""

    name: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Sequence:
    items: tuple[Node, ...]
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Alternation:
    """One of the branches, tried from the left; without branches it matches nothing."""

    branches: tuple[Node, ...]
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Group:
    """Brackets. ``index`` counts from 1 in the order of the opening brackets; 0: the group does not capture."""

    body: Node
    index: int = 0
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Repeat:
    """``maximum`` None: no upper bound."""

    body: Node
    minimum: int
    maximum: int | None
    lazy: bool = False
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Look:
    """A condition on the text behind its place (``ahead``) or before it; consumes nothing."""

    body: Node
    ahead: bool
    negated: bool
    at: int = field(default=0, compare=False)


Node = Literal | CharacterSet | AnyCharacter | Anchor | Variable | Sequence | Alternation | Group | Repeat | Look

EMPTY = Sequence(())
_BRACKETS = (Group, Repeat, Look)
ANYTHING = Repeat(AnyCharacter(), 0, None)
"""``.*``"""


def is_anything(node: Node) -> bool:
    """Whether it equals ANYTHING; comparing takes six times as long."""
    return (
        isinstance(node, Repeat)
        and isinstance(node.body, AnyCharacter)
        and not node.minimum
        and node.maximum is None
        and not node.lazy
    )


class PatternError(ValueError):
    """A pattern or replace string is refused. ``offset``: 0-based, in its text; ``hint``: the cure."""

    def __init__(self, offset: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.offset = offset
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        hint = f" ({self.hint})" if self.hint else ""
        return f"column {self.offset + 1}: {self.message}{hint}"


def children(node: Node) -> tuple[Node, ...]:
    if isinstance(node, Sequence):
        return node.items
    if isinstance(node, _BRACKETS):
        return (node.body,)
    return node.branches if isinstance(node, Alternation) else ()


def with_children(node: Node, change: Callable[[Node], Node]) -> Node:
    """A copy of the node with ``change`` applied to each child; the node itself where no child is changed."""
    before = children(node)
    after = tuple(map(change, before))
    if all(map(is_, before, after)):
        return node
    if isinstance(node, Sequence):
        return Sequence(after, node.at)
    if isinstance(node, Alternation):
        return Alternation(after, node.at)
    assert isinstance(node, _BRACKETS)
    return replace(node, body=after[0])


def flattened(node: Node) -> list[Node]:
    """The items of a sequence with inner sequences and groups dissolved; alternatives stay together."""
    if isinstance(node, Sequence):
        return [part for item in node.items for part in flattened(item)]
    if isinstance(node, Group) and not isinstance(node.body, Alternation):
        return flattened(node.body)
    return [node]


def group_count(node: Node) -> int:
    """The highest group index."""
    own = node.index if isinstance(node, Group) else 0
    return max([own, *map(group_count, children(node))])


def groups_in_looks(node: Node, inside: bool = False) -> frozenset[int]:
    """Indexes of groups inside a look-around; their text is not kept."""
    inside = inside or isinstance(node, Look)
    own = frozenset({node.index}) if inside and isinstance(node, Group) and node.index else frozenset()
    return own.union(*(groups_in_looks(child, inside) for child in children(node)))


def has_look(node: Node) -> bool:
    return isinstance(node, Look) or any(map(has_look, children(node)))


def width(node: Node) -> int | None:
    """The number of characters in every match; None when matches differ in it.

    Raises TypeError when the tree holds a variable: it must be expanded.
    """
    if isinstance(node, Literal):
        return len(node.text)
    if isinstance(node, CharacterSet | AnyCharacter):
        return 1
    if isinstance(node, Anchor | Look):
        return 0
    if isinstance(node, Repeat):
        inner = width(node.body)
        return inner * node.minimum if inner is not None and (node.minimum == node.maximum or not inner) else None
    if isinstance(node, Group):
        return width(node.body)
    if isinstance(node, Sequence):
        return _total([width(item) for item in node.items])
    if isinstance(node, Alternation):
        widths = {width(branch) for branch in node.branches}
        return widths.pop() if len(widths) == 1 else None
    raise TypeError(f"{node} has no width")


def _total(widths: list[int | None]) -> int | None:
    known = [number for number in widths if number is not None]
    return sum(known) if len(known) == len(widths) else None
