"""The plain texts in a pattern: all that it matches when they are few, or texts of which every match contains one.

Trees must be expanded (``expansion.py``).
"""

from __future__ import annotations

from collections.abc import Iterable

from dialplan.syntax import Alternation, Anchor, CharacterSet, Group, Literal, Look, Node, Repeat, Sequence

MAX_TEXTS = 256
"""More alternatives are not written out."""
MAX_SET = 4
"""A set of more characters is not written out."""
MIN_LENGTH = 2
"""A shorter required text excludes next to nothing."""

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
        return union([finite(branch) for branch in node.branches])
    if isinstance(node, CharacterSet):
        if sum(high - low + 1 for low, high in node.ranges) > MAX_SET:
            return None
        return frozenset(chr(code) for low, high in node.ranges for code in range(low, high + 1))
    if isinstance(node, Repeat) and (node.minimum, node.maximum) == (0, 1):
        return union([ONLY_EMPTY, finite(node.body)])
    return None


def required(node: Node) -> Texts | None:
    """Texts of which every match contains at least one; None when none is worth a look-up."""
    if isinstance(node, Group):
        return required(node.body)
    if isinstance(node, Repeat):
        return required(node.body) if node.minimum else None
    if isinstance(node, Alternation):
        return _useful(union([required(branch) for branch in node.branches]))
    if isinstance(node, Sequence):
        return _best(node.items)
    return _useful(finite(node))


def _best(items: tuple[Node, ...]) -> Texts | None:
    """The longest texts of the sequence. Neighbours that can be written out are joined first."""
    best: Texts | None = None
    run = ONLY_EMPTY
    for item in items:
        texts = ONLY_EMPTY if isinstance(item, Anchor | Look) else finite(item)
        if texts is not None and 0 < len(run) * len(texts) <= MAX_TEXTS:
            run = joined(run, texts)
            continue
        best = _better(best, run)
        best = _better(best, required(item))
        run = texts if texts else ONLY_EMPTY
    return _better(best, run)


def _better(best: Texts | None, texts: Texts | None) -> Texts | None:
    texts = _useful(texts)
    if best is None or texts is None:
        return texts if best is None else best
    return texts if _worth(texts) > _worth(best) else best


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
        result = joined(result, texts)
    return result


def joined(first: Texts, second: Texts) -> Texts:
    """Every text of the first with every text of the second behind it."""
    return frozenset([start + end for start in first for end in second])


def union(parts: Iterable[Texts | None], most: int = MAX_TEXTS) -> Texts | None:
    """All texts together; None when a part is None, or they are more than ``most``."""
    texts: set[str] = set()
    for part in parts:
        if part is None:
            return None
        texts |= part
    return frozenset(texts) if len(texts) <= most else None
