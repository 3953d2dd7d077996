"""Which plain texts a pattern needs: all that it matches when they are few, or some that every match contains.

Trees must be expanded (``expansion.py``).
"""

from __future__ import annotations

from dialplan.syntax import Alternation, Anchor, CharacterSet, Group, Literal, Look, Node, Repeat, Sequence

MAX_TEXTS = 256
"""More alternatives than this are not written out."""
MAX_SET = 4
"""Nor sets of more characters."""
MIN_LENGTH = 2
"""A required text of one character excludes next to nothing."""

Texts = frozenset[str]
ONLY_EMPTY: Texts = frozenset({""})


def finite(node: Node) -> Texts | None:
    """All texts that the node matches; None when they are too many or depend on the place."""
    if isinstance(node, Literal):
        return frozenset({node.text})
    if isinstance(node, Group):
        return finite(node.body)
    if isinstance(node, Sequence):
        return _product(node.items)
    if isinstance(node, Alternation):
        return _union([finite(branch) for branch in node.branches])
    if isinstance(node, CharacterSet):
        if sum(high - low + 1 for low, high in node.ranges) > MAX_SET:
            return None
        return frozenset(chr(code) for low, high in node.ranges for code in range(low, high + 1))
    if isinstance(node, Repeat) and (node.minimum, node.maximum) == (0, 1):
        return _union([ONLY_EMPTY, finite(node.body)])
    return None


def required(node: Node) -> Texts | None:
    """Texts of which at least one is in every match; None when there are none worth looking for."""
    if isinstance(node, Group):
        return required(node.body)
    if isinstance(node, Repeat):
        return required(node.body) if node.minimum else None
    if isinstance(node, Alternation):
        return _useful(_union([required(branch) for branch in node.branches]))
    if isinstance(node, Sequence):
        return _best(node.items)
    return _useful(finite(node))


def _best(items: tuple[Node, ...]) -> Texts | None:
    """The best of the sequence: neighbours that can be written out are joined first."""
    best: Texts | None = None
    run = ONLY_EMPTY
    for item in items:
        texts = ONLY_EMPTY if isinstance(item, Anchor | Look) else finite(item)
        if texts is not None and 0 < len(run) * len(texts) <= MAX_TEXTS:
            run = _joined(run, texts) if texts is not ONLY_EMPTY else run
            continue
        best = _better(best, run)
        best = _better(best, required(item))
        run = texts if texts else ONLY_EMPTY
    return _better(best, run)


def _better(one: Texts | None, other: Texts | None) -> Texts | None:
    other = _useful(other)
    if one is None or other is None:
        return other if one is None else one
    return other if _worth(other) > _worth(one) else one


def _worth(texts: Texts) -> tuple[int, int]:
    return min(map(len, texts)), -len(texts)


def _useful(texts: Texts | None) -> Texts | None:
    return texts if texts and min(map(len, texts)) >= MIN_LENGTH else None


def _product(items: tuple[Node, ...]) -> Texts | None:
    result = ONLY_EMPTY
    for item in items:
        texts = finite(item)
        if texts is None or len(result) * len(texts) > MAX_TEXTS:
            return None
        result = _joined(result, texts)
    return result


def _joined(first: Texts, second: Texts) -> Texts:
    return frozenset([one + other for one in first for other in second])


def _union(parts: list[Texts | None]) -> Texts | None:
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    texts: Texts = frozenset().union(*known)
    return texts if len(texts) <= MAX_TEXTS else None
