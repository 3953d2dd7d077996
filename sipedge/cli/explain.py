"""A search's explanation as a tree on a terminal."""

from __future__ import annotations

from io import StringIO

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from dialplan.search.search import Explanation
from sipedge.queries.trees.explained import Branch, Places, Tone, tree_of

from .screen import UNWRAPPED, console

_STYLES = {Tone.PLAIN: "", Tone.STRONG: "bold", Tone.GOOD: "green", Tone.BAD: "red", Tone.DIM: "dim"}


def print_explanation(explanation: Explanation, evidence: str, places: Places) -> None:
    """``evidence``: what decided the traffic type."""
    console().print(explanation_tree(explanation, evidence, places))


def explanation_text(explanation: Explanation, evidence: str, places: Places) -> str:
    """The tree without colours."""
    stream = StringIO()
    plain = Console(file=stream, highlight=False, markup=False, emoji=False, width=UNWRAPPED, color_system=None)
    plain.print(explanation_tree(explanation, evidence, places))
    return stream.getvalue()


def explanation_tree(explanation: Explanation, evidence: str, places: Places) -> Tree:
    whole = tree_of(explanation, evidence, places)
    tree = Tree(_text(whole))
    _grow(tree, whole)
    return tree


def _grow(tree: Tree, branch: Branch) -> None:
    for each in branch.branches:
        _grow(tree.add(_text(each)), each)


def _text(branch: Branch) -> Text:
    return Text.assemble(*((each.text, _STYLES[each.tone]) for each in branch.words))
