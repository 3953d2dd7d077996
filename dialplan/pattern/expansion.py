"""A pattern's tree made ready for matching: in lower case, with values for variables and plain ranges for sets."""

from __future__ import annotations

from dialplan.model import Variables
from dialplan.syntax import (
    Alternation,
    Anchor,
    AnyCharacter,
    CharacterSet,
    Group,
    Literal,
    Node,
    Variable,
    with_children,
)

from .character_set import folded_ranges
from .folding import fold
from .variables import values


def expand(node: Node, variables: Variables) -> Node:
    """Raises PatternError when a variable that has one value, such as ``%localdomain7%``, has none here."""
    if isinstance(node, Literal):
        text = fold(node.text)
        return node if text == node.text else Literal(text, node.at)
    if isinstance(node, AnyCharacter | Anchor):
        return node
    if isinstance(node, CharacterSet):
        return CharacterSet(folded_ranges(node), False, node.at)
    if isinstance(node, Variable):
        texts = values(node.name, node.at, variables)
        return Group(Alternation(tuple(Literal(fold(text), node.at) for text in texts), node.at), 0, node.at)
    return with_children(node, lambda child: expand(child, variables))
