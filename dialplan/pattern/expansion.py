"""A pattern's tree made ready for matching: lower case, variables replaced by their values, sets resolved."""

from __future__ import annotations

from dataclasses import replace

from dialplan.model import Variables
from dialplan.syntax import Alternation, CharacterSet, Group, Literal, Look, Node, Repeat, Sequence, Variable

from .character_set import folded_ranges
from .folding import fold
from .variables import values


def expand(node: Node, variables: Variables) -> Node:
    """Raise PatternError for a variable without a value where one value is asked for (``%localdomain7%``)."""
    if isinstance(node, Literal):
        text = fold(node.text)
        return node if text == node.text else Literal(text, node.at)
    if isinstance(node, CharacterSet):
        return CharacterSet(folded_ranges(node), False, node.at)
    if isinstance(node, Variable):
        texts = values(node.name, node.at, variables)
        return Group(Alternation(tuple(Literal(fold(text), node.at) for text in texts), node.at), 0, node.at)
    if isinstance(node, Sequence):
        return Sequence(tuple([expand(item, variables) for item in node.items]), node.at)
    if isinstance(node, Alternation):
        return replace(node, branches=tuple([expand(branch, variables) for branch in node.branches]))
    if isinstance(node, Group | Repeat | Look):
        return replace(node, body=expand(node.body, variables))
    return node
