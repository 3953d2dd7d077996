"""Groups that give nothing back, ``(?>x)`` and ``x++``, where a plain group matches the same; elsewhere refused.

There is no backtracking here that they could forbid. So each is taken for what it says about the alias: that nothing
shorter than its first match counts. That is so anyway for texts of which none begins another, and for a repetition of
one character when nothing behind it begins with such a character.
"""

from __future__ import annotations

from dialplan.model import Variables
from dialplan.syntax import (
    Alternation,
    Anchor,
    AnyCharacter,
    CharacterSet,
    Group,
    Literal,
    Look,
    Node,
    PatternError,
    Range,
    Repeat,
    Sequence,
    Variable,
    children,
    with_children,
)

from .expansion import expand
from .literals import finite

ATOMIC = -2
"""Index of such a group until it is resolved."""
EVERY: tuple[Range, ...] = ((0, 0x10FFFF),)


def resolved(node: Node, behind: tuple[Node, ...] | None = ()) -> Node:
    """The tree with plain groups in place of atomic ones. ``behind``: what follows up to the end; None: not known.

    Raises PatternError where a plain group would match more.
    """
    if isinstance(node, Sequence):
        rests = [None if behind is None else (*node.items[at + 1 :], *behind) for at in range(len(node.items))]
        return Sequence(tuple(map(resolved, node.items, rests)), node.at)
    if isinstance(node, Repeat | Look):
        return with_children(node, lambda child: resolved(child, None))
    if isinstance(node, Group) and node.index == ATOMIC:
        body = resolved(node.body, behind)
        if not _keeps_all(body, behind):
            raise PatternError(
                node.at,
                "a group or repetition that gives nothing back, where that matters",
                "write it without, and let what follows it begin with a character that it cannot match",
            )
        return Group(body, 0, node.at)
    return with_children(node, lambda child: resolved(child, behind))


def _keeps_all(body: Node, behind: tuple[Node, ...] | None) -> bool:
    """Whether no match of the body but the first can be part of a match of the whole."""
    if _has_variable(body) or behind is not None and any(map(_has_variable, behind[:1])):
        return False
    body = expand(body, Variables())
    texts = finite(body)
    if texts is not None and not any(other != text and other.startswith(text) for text in texts for other in texts):
        return True
    while isinstance(body, Group):
        body = body.body
    if not isinstance(body, Repeat) or body.lazy or behind is None:
        return False
    repeated = _single(body.body)
    following = _first(expand(behind[0], Variables())) if behind else ()
    return repeated is not None and following is not None and not _meet(repeated, following)


def _single(node: Node) -> tuple[Range, ...] | None:
    """The one character that the node reads; None when it may read more, or nothing."""
    if isinstance(node, Literal) and len(node.text) == 1 or isinstance(node, CharacterSet | AnyCharacter):
        return _first(node)
    return _single(node.body) if isinstance(node, Group) else None


def _first(node: Node) -> tuple[Range, ...] | None:
    """What a match can begin with; nothing for the end of the alias; None when it is not known. The node: expanded."""
    if isinstance(node, Literal):
        return ((ord(node.text[0]), ord(node.text[0])),) if node.text else None
    if isinstance(node, CharacterSet):
        return node.ranges
    if isinstance(node, AnyCharacter):
        return EVERY
    if isinstance(node, Anchor):
        return None if node.start else ()
    if isinstance(node, Group) or isinstance(node, Repeat) and node.minimum:
        return _first(node.body)
    if isinstance(node, Sequence):
        return _first(node.items[0]) if node.items else None
    if isinstance(node, Alternation):
        firsts = [_first(branch) for branch in node.branches]
        known = [first for first in firsts if first is not None]
        return tuple(one for first in known for one in first) if len(known) == len(firsts) else None
    return None


def _meet(some: tuple[Range, ...], others: tuple[Range, ...]) -> bool:
    return any(low <= last and first <= high for low, high in some for first, last in others)


def _has_variable(node: Node) -> bool:
    return isinstance(node, Variable) or any(map(_has_variable, children(node)))
