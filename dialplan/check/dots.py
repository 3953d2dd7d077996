"""Dots without a backslash that a well-formed alias can abuse: ``example.com`` also matches ``exampleXcom``."""

from __future__ import annotations

from collections.abc import Iterator

from dialplan.analysis import Language, NotProved, natural, with_domain
from dialplan.check.witnesses.context import Context
from dialplan.check.witnesses.entries import entries, pattern_place, request_for
from dialplan.check.witnesses.finding import Finding, Level
from dialplan.model import Entry, PatternType
from dialplan.pattern.expansion import expand
from dialplan.pattern.parser import parse_pattern
from dialplan.syntax import (
    Alternation,
    AnyCharacter,
    CharacterSet,
    Group,
    Literal,
    Node,
    Repeat,
    Sequence,
    Variable,
    children,
    with_children,
)


def unescaped_dots(context: Context) -> Iterator[Finding]:
    for entry in entries(context.plan.dialplan):
        if entry.pattern_type is not PatternType.REGEX or "." not in entry.pattern:
            continue
        tree = context.plan.dialplan.syntax.get(entry.pattern) or parse_pattern(entry.pattern)
        suspects = sorted(suspicious_dots(tree))
        if suspects:
            try:
                finding = _finding(context, entry, tree, suspects)
            except NotProved:
                context.not_proved(f'whether a dot in "{entry.pattern}" matters')
                continue
            if finding:
                yield finding


def suspicious_dots(node: Node) -> set[int]:
    """Offsets of single dots between names, as in a domain."""
    offsets = set[int]().union(*map(suspicious_dots, children(node)))
    if isinstance(node, Sequence):
        neighbours = [None, *node.items, None]
        for left, item, right in zip(neighbours, neighbours[1:], neighbours[2:], strict=False):
            if isinstance(item, AnyCharacter) and _named(left, -1) and _named(right, 0):
                offsets.add(item.at)
    return offsets


def _named(node: Node | None, end: int) -> bool:
    """Whether the end of a neighbour, 0 or -1, is part of a name."""
    if isinstance(node, Literal):
        return node.text[end].isalnum()
    if isinstance(node, Group) and isinstance(node.body, Literal | Sequence):
        return _named(node.body, end)
    if isinstance(node, Sequence):
        return bool(node.items) and _named(node.items[end], end)
    if isinstance(node, Group | Alternation):
        body = node.body if isinstance(node, Group) else node
        return isinstance(body, Alternation) and any(_named(branch, end) for branch in body.branches)
    if isinstance(node, Repeat):
        return isinstance(node.body, CharacterSet) or _named(node.body, end)
    return isinstance(node, Variable | CharacterSet)


def escaped(node: Node, offsets: frozenset[int]) -> Node:
    """The tree with a plain dot at these offsets."""
    if isinstance(node, AnyCharacter):
        return Literal(".", node.at) if node.at in offsets else node
    return with_children(node, lambda child: escaped(child, offsets))


def _finding(context: Context, entry: Entry, tree: Node, offsets: list[int]) -> Finding | None:
    alphabet = context.languages.alphabet
    as_written = context.languages.language(context.languages.node(entry, context.plan))
    meant = Language.of_node(expand(escaped(tree, frozenset(offsets)), context.plan.variables), alphabet)
    surplus = as_written - meant
    alias = natural(surplus & with_domain(alphabet)) or natural(surplus)
    if alias is None:
        return None
    count = "a dot" if len(offsets) == 1 else f"{len(offsets)} dots"
    query, claim = request_for(context, entry, alias)
    return Finding(
        "unescaped-dot",
        Level.WARNING,
        pattern_place(context.plan.dialplan, entry, offsets[0]),
        f'{count} in the pattern of "{entry.name}" stands for any character: it matches {alias} too',
        r"write \. for the dot",
        entry.name,
        query,
        claim,
    )
