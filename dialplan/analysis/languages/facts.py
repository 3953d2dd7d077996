"""What is plain to see of a pattern: texts at its start, at its end, around its @. They alone tell most rules apart."""

from __future__ import annotations

from dataclasses import dataclass

from dialplan.pattern.literals import finite
from dialplan.syntax import Alternation, Anchor, Group, Look, Node, Sequence

from .language import Language

MAX_TEXTS = 64

Texts = frozenset[str]


@dataclass(frozen=True, slots=True)
class Facts:
    """Of every alias that matches: it begins with one of ``prefixes``, ends with one of ``suffixes``, holds one of
    ``around_at``, is one of ``exact``. None: nothing is known."""

    prefixes: Texts | None = None
    suffixes: Texts | None = None
    around_at: Texts | None = None
    """Texts with one @ each."""
    exact: Texts | None = None

    def apart(self, other: Facts, one_at: bool = False) -> bool:
        """Whether no alias can match both. ``one_at``: no alias with two @ (which no well-formed one has)."""
        if self.exact is not None and other.exact is not None:
            return self.exact.isdisjoint(other.exact)
        if _apart(self.prefixes, other.prefixes, str.startswith) or _apart(self.suffixes, other.suffixes, str.endswith):
            return True
        return one_at and _apart_at(self.around_at, other.around_at)


NO_FACTS = Facts()


def facts_of_language(language: Language) -> Facts:
    """What is plain to see of its automata, where no pattern is at hand."""
    beginnings = [max((one.beginning() for one in clause.inside), key=len, default="") for clause in language.clauses]
    return Facts(prefixes=frozenset(beginnings)) if beginnings and all(beginnings) else NO_FACTS


def facts_of(node: Node) -> Facts:
    """``node`` is expanded."""
    while isinstance(node, Group):
        node = node.body
    if isinstance(node, Alternation):
        return _any_of([facts_of(branch) for branch in node.branches])
    runs = _runs(node)
    prefixes = runs[0] if runs else None
    suffixes = runs[-1] if runs else None
    with_at = [run for run in runs if run and all(text.count("@") == 1 for text in run)]
    exact = runs[0] if len(runs) == 1 else None
    return Facts(prefixes, suffixes, max(with_at, key=_shortest, default=None), exact)


def _runs(node: Node) -> list[Texts | None]:
    """The sequence as texts that can be written out, with None for what lies between."""
    runs: list[Texts | None] = [frozenset({""})]
    for item in _flat(node):
        texts = frozenset({""}) if isinstance(item, Anchor | Look) else finite(item)
        last = runs[-1]
        if texts is None:
            runs += [None, frozenset({""})]
        elif last is not None and len(last) * len(texts) <= MAX_TEXTS:
            runs[-1] = frozenset([one + other for one in last for other in texts])
        else:
            runs += [None, texts if len(texts) <= MAX_TEXTS else None, frozenset({""})]
    return runs


def _flat(node: Node) -> list[Node]:
    if isinstance(node, Sequence):
        return [part for item in node.items for part in _flat(item)]
    if isinstance(node, Group) and not isinstance(node.body, Alternation):
        return _flat(node.body)
    return [node]


def _any_of(branches: list[Facts]) -> Facts:
    return Facts(
        _union([one.prefixes for one in branches]),
        _union([one.suffixes for one in branches]),
        _union([one.around_at for one in branches]),
        _union([one.exact for one in branches]),
    )


def _union(parts: list[Texts | None]) -> Texts | None:
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    texts: Texts = frozenset().union(*known)
    return texts if len(texts) <= MAX_TEXTS else None


def _shortest(texts: Texts | None) -> int:
    return min(map(len, texts or {""}))


def _apart(some: Texts | None, others: Texts | None, fits: object) -> bool:
    if not some or not others:
        return False
    assert callable(fits)
    return not any(fits(one, other) or fits(other, one) for one in some for other in others)


def _apart_at(some: Texts | None, others: Texts | None) -> bool:
    """The texts around the only @ must fit on both of its sides."""
    if not some or not others:
        return False
    for one in some:
        left, _, right = one.partition("@")
        for other in others:
            before, _, behind = other.partition("@")
            if (left.endswith(before) or before.endswith(left)) and (
                right.startswith(behind) or behind.startswith(right)
            ):
                return False
    return True
