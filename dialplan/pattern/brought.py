"""What other dialects write and this one has under another name: borders of words and flags of case.

``\\b`` and ``\\B`` become look-arounds where the pattern says what stands on one side of them: behind a letter ``\\b``
is ``(?!\\w)``. ``(?-i)`` makes case count, which changes nothing where nothing behind it has one. The rest is refused.
"""

from __future__ import annotations

from collections.abc import Iterable

from dialplan.syntax import (
    EMPTY,
    Alternation,
    AnyCharacter,
    CharacterSet,
    Group,
    Literal,
    Look,
    Node,
    PatternError,
    Repeat,
    Sequence,
    Variable,
    children,
    with_children,
)

from .character_set import LOWER, UPPER, WORD, complement, folded_ranges, merged

BORDER, INNER, CASED = -3, -4, -5
"""Index of a group that stands for ``\\b``, ``\\B`` and ``(?-i)`` or ``(?-i:x)`` until it is resolved."""
PASSES = None
"""What may stand there is nothing: the neighbour beyond counts."""
Sides = frozenset[bool | None]
"""What a neighbour may be: True a character of a word, False another one or the alias's end, PASSES."""

_EITHER: Sides = frozenset((True, False))
_END: Sides = frozenset((False,))
_NEVER = Alternation(())
_WORD = Alternation(
    tuple(Literal(chr(code)) for low, high in WORD if (low, high) != UPPER for code in range(low, high + 1))
)
"""As plain texts, which a look-around takes at a moving place; in lower case, as case does not count."""


def plain(node: Node) -> Node:
    """The tree without such groups. Raises PatternError where nothing in this dialect means the same."""
    _check_case(node)
    return _resolved(node, _END, _END)


def _resolved(node: Node, before: Sides, after: Sides) -> Node:
    if isinstance(node, Group) and node.index in (BORDER, INNER):
        return _border(node, before, after)
    if isinstance(node, Group) and node.index == CASED:
        return Group(_resolved(node.body, before, after), 0, node.at)
    if isinstance(node, Look):
        _refuse_borders(node)
        return node
    if isinstance(node, Repeat):
        around = _EITHER if node.maximum != 1 else frozenset()
        return with_children(node, lambda child: _resolved(child, before | around, after | around))
    if isinstance(node, Sequence):
        return Sequence(
            tuple(
                _resolved(
                    item, _beside(node.items[:at][::-1], before, True), _beside(node.items[at + 1 :], after, False)
                )
                for at, item in enumerate(node.items)
            ),
            node.at,
        )
    return with_children(node, lambda child: _resolved(child, before, after))


def _border(node: Group, before: Sides, after: Sides) -> Node:
    is_border = node.index == BORDER
    if len(before) == 1:
        (is_word,) = before
        if len(after) == 1:
            return EMPTY if (before != after) == is_border else _NEVER
        return Look(_WORD, ahead=True, negated=is_word == is_border, at=node.at)
    if len(after) == 1:
        (is_word,) = after
        return Look(_WORD, ahead=False, negated=is_word == is_border, at=node.at)
    raise PatternError(
        node.at,
        f"{'a border' if is_border else 'the inside'} of a word, where nothing says on which side the word is",
        "write the character on one side of it, such as @ or \\., or (?!\\w) behind a word and (?<!\\w) before one",
    )


def _refuse_borders(node: Look) -> None:
    for inner in _groups(node, (BORDER, INNER)):
        what = "([^a-z0-9_].*)?$ for \\b.* behind a word" if node.ahead else "^(.*[^a-z0-9_])? for .*\\b before a word"
        raise PatternError(inner.at, "a border of a word inside a look-around", f"write {what}")


def _beside(items: Iterable[Node], beyond: Sides, last: bool) -> Sides:
    """What stands beside a place. ``items``: the nearest first. ``last``: which of their characters is beside it."""
    found: Sides = frozenset()
    for item in items:
        sides = _sides(item, last)
        found |= sides - {PASSES}
        if PASSES not in sides:
            return found
    return found | beyond


def _sides(node: Node, last: bool) -> Sides:
    if isinstance(node, Literal):
        return frozenset((_is_word(node.text[-1 if last else 0]),)) if node.text else frozenset((PASSES,))
    if isinstance(node, CharacterSet):
        return _kinds(node)
    if isinstance(node, AnyCharacter | Variable):
        return _EITHER
    if isinstance(node, Alternation):
        return frozenset().union(*(_sides(branch, last) for branch in node.branches))
    if isinstance(node, Sequence):
        return _beside(node.items[::-1] if last else node.items, frozenset((PASSES,)), last)
    if isinstance(node, Repeat):
        return _sides(node.body, last) | (frozenset() if node.minimum else frozenset((PASSES,)))
    return _sides(node.body, last) if isinstance(node, Group) else frozenset((PASSES,))


def _is_word(character: str) -> bool:
    return any(low <= ord(character) <= high for low, high in WORD)


def _kinds(node: CharacterSet) -> Sides:
    ranges = complement(node.ranges) if node.negated else node.ranges
    others = complement(WORD)
    return frozenset(kind for kind, set_ in ((True, WORD), (False, others)) if _meet(ranges, set_))


def _meet(some: Iterable[tuple[int, int]], others: Iterable[tuple[int, int]]) -> bool:
    return any(low <= last and first <= high for low, high in some for first, last in others)


def _check_case(node: Node) -> None:
    """Raises PatternError where a flag says that case counts, and something has one."""
    for flag in _groups(node, (CASED,)):
        governed = [part for part in _leaves(node) if part.at >= flag.at] if flag.body == EMPTY else _leaves(flag.body)
        if any(map(_has_case, governed)):
            raise PatternError(
                flag.at,
                "a flag that makes case count",
                "case never counts here, and no pattern can tell A from a; leave it out if that is all right",
            )


def _has_case(leaf: Node) -> bool:
    if isinstance(leaf, Literal):
        return leaf.text.lower() != leaf.text.upper()
    if isinstance(leaf, CharacterSet):
        own = complement(leaf.ranges) if leaf.negated else leaf.ranges
        return _meet(own, (UPPER, LOWER)) and merged(list(folded_ranges(leaf))) != merged(list(own))
    return isinstance(leaf, Variable)


def _leaves(node: Node) -> list[Node]:
    return [leaf for child in children(node) for leaf in _leaves(child)] if children(node) else [node]


def _groups(node: Node, indexes: tuple[int, ...]) -> list[Group]:
    own = [node] if isinstance(node, Group) and node.index in indexes else []
    return own + [group for child in children(node) for group in _groups(child, indexes)]
