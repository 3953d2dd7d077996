"""Facts about a pattern: texts at its start, at its end, around its @. They alone tell most rules apart.

Without them ``diff`` takes a third longer (tools/bench/check.py): every two rules are then compared by automata.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dialplan.pattern.literals import Texts, finite, joined, union
from dialplan.syntax import Alternation, Anchor, Group, Look, Node, Repeat, Sequence, flattened

from .automaton import Automaton
from .language import Language

MAX_TEXTS = 64
"""More texts are no fact."""


@dataclass(frozen=True, slots=True)
class Facts:
    """They hold for every alias that matches: it begins with one of ``prefixes``, ends with one of ``suffixes``, holds
    one of ``around_at``, is one of ``exact``. None: there is no such fact."""

    prefixes: Texts | None = None
    suffixes: Texts | None = None
    around_at: Texts | None = None
    """Texts with one @ each."""
    exact: Texts | None = None

    def apart(self, other: Facts, one_at: bool = False) -> bool:
        """Whether no alias matches both; with ``one_at``, no alias that has a single @, as well-formed ones do."""
        if self.exact is not None and other.exact is not None:
            return self.exact.isdisjoint(other.exact)
        if _apart(self.prefixes, other.prefixes, str.startswith) or _apart(self.suffixes, other.suffixes, str.endswith):
            return True
        return one_at and _apart_at(self.around_at, other.around_at)


NO_FACTS = Facts()


def facts_of_language(language: Language) -> tuple[Facts, ...]:
    """Facts about a language that was not made of one pattern, from its automata; each holds for all its aliases."""
    if len(language.clauses) == 1:
        (clause,) = language.clauses
        return tuple(map(_facts_of_automaton, clause.inside))
    beginnings = [
        max((automaton.beginning() for automaton in clause.inside), key=len, default="") for clause in language.clauses
    ]
    return (Facts(prefixes=frozenset(beginnings)),) if beginnings and all(beginnings) else ()


def _facts_of_automaton(automaton: Automaton) -> Facts:
    if automaton.node is not None:
        return facts_of(automaton.node)
    beginning = automaton.beginning()
    return Facts(prefixes=frozenset({beginning})) if beginning else NO_FACTS


def facts_of(node: Node) -> Facts:
    """``node``: expanded."""
    while isinstance(node, Group):
        node = node.body
    if isinstance(node, Alternation):
        return _any_of([facts_of(branch) for branch in node.branches])
    tail = _open_tail(node)
    if tail is not None:
        return _any_of([facts_of(branch) for branch in tail])
    runs = text_runs(node)
    prefixes = runs[0] if runs else None
    suffixes = runs[-1] if runs else None
    with_at = [run for run in runs if run and all(text.count("@") == 1 for text in run)]
    exact = runs[0] if len(runs) == 1 else None
    return Facts(prefixes, suffixes, max(with_at, key=_shortest, default=None), exact)


def _open_tail(node: Node) -> tuple[Node, Node] | None:
    """The sequence without its last item and with it, when that is optional and cannot be written out."""
    items = flattened(node)
    last = items[-1] if items else None
    if isinstance(last, Repeat) and (last.minimum, last.maximum) == (0, 1) and finite(last) is None:
        return Sequence(tuple(items[:-1])), Sequence((*items[:-1], last.body))
    return None


def text_runs(node: Node) -> list[Texts | None]:
    """The sequence as sets of texts, with None for each item that cannot be written out as texts."""
    runs: list[Texts | None] = [frozenset({""})]
    for item in flattened(node):
        texts = frozenset({""}) if isinstance(item, Anchor | Look) else finite(item)
        last = runs[-1]
        if texts is None:
            runs += [None, frozenset({""})]
        elif last is not None and len(last) * len(texts) <= MAX_TEXTS:
            runs[-1] = joined(last, texts)
        else:
            runs += [None, texts if len(texts) <= MAX_TEXTS else None, frozenset({""})]
    return runs


def _any_of(branches: list[Facts]) -> Facts:
    return Facts(
        union((branch.prefixes for branch in branches), MAX_TEXTS),
        union((branch.suffixes for branch in branches), MAX_TEXTS),
        union((branch.around_at for branch in branches), MAX_TEXTS),
        union((branch.exact for branch in branches), MAX_TEXTS),
    )


def _shortest(texts: Texts | None) -> int:
    return min(map(len, texts or {""}))


def _apart(some: Texts | None, others: Texts | None, fits: Callable[[str, str], bool]) -> bool:
    if not some or not others:
        return False
    return not any(fits(text, other) or fits(other, text) for text in some for other in others)


def _apart_at(some: Texts | None, others: Texts | None) -> bool:
    """The texts around the only @ must fit on both of its sides."""
    if not some or not others:
        return False
    for text in some:
        left, _, right = text.partition("@")
        for other in others:
            before, _, behind = other.partition("@")
            if (left.endswith(before) or before.endswith(left)) and (
                right.startswith(behind) or behind.startswith(right)
            ):
                return False
    return True
