"""Languages, which are sets of aliases: made of patterns and combined with ``&``, ``|``, ``-`` and ``~``.

A language is a union of *clauses*. A clause is all aliases that some automata accept and some others do not, so every
question is a walk through the product of these automata. Languages that are combined must share their alphabet.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dialplan.model import PatternType, Variables
from dialplan.pattern.expansion import expand
from dialplan.pattern.folding import fold
from dialplan.pattern.parser import parse_pattern
from dialplan.pattern.pattern import NO_VARIABLES, expanded_texts
from dialplan.syntax import ANYTHING, Alternation, Group, Literal, Node, Sequence, has_look

from .alphabet import ASCII, Alphabet
from .automaton import Automaton, NotProved, PatternAutomaton
from .graph import Graph
from .look_automaton import LookAutomaton
from .product import first, shortest

MAX_CLAUSES = 256


@dataclass(frozen=True, slots=True)
class Clause:
    """Aliases in all of ``inside`` and none of ``outside``."""

    inside: frozenset[Automaton] = frozenset()
    outside: frozenset[Automaton] = frozenset()

    @property
    def contradicts(self) -> bool:
        return bool(self.inside & self.outside)


@dataclass(frozen=True, slots=True)
class Language:
    """Aliases of any length over one alphabet, ASCII case ignored."""

    alphabet: Alphabet
    clauses: frozenset[Clause]

    @staticmethod
    def of(kind: PatternType, text: str, variables: Variables = NO_VARIABLES, alphabet: Alphabet = ASCII) -> Language:
        """The aliases that a pattern matches. Raises PatternError when the pattern is refused."""
        return Language.of_node(node_of(kind, text, variables), alphabet)

    @staticmethod
    def of_node(node: Node, alphabet: Alphabet = ASCII) -> Language:
        """The aliases that an expanded tree matches. ``alphabet``: of this tree and of those it is combined with."""
        graph = Graph(node, alphabet)
        automaton = LookAutomaton(graph) if has_look(node) else PatternAutomaton(graph)
        automaton.node = node
        return Language.of_automaton(automaton)

    @staticmethod
    def of_automaton(automaton: Automaton) -> Language:
        return Language(automaton.alphabet, frozenset({Clause(frozenset({automaton}))}))

    @staticmethod
    def only(alias: str, alphabet: Alphabet = ASCII) -> Language:
        """This alias alone."""
        return Language.of_node(Literal(fold(alias)), alphabet)

    @staticmethod
    def everything(alphabet: Alphabet = ASCII) -> Language:
        return Language(alphabet, frozenset({Clause()}))

    @staticmethod
    def nothing(alphabet: Alphabet = ASCII) -> Language:
        return Language(alphabet, frozenset())

    def __or__(self, other: Language) -> Language:
        return self._made(self.clauses | other.clauses)

    def __and__(self, other: Language) -> Language:
        if len(self.clauses) == len(other.clauses) == 1:
            (clause,), (narrower,) = self.clauses, other.clauses
            both = Clause(clause.inside | narrower.inside, clause.outside | narrower.outside)
            return Language(self.alphabet, frozenset() if both.contradicts else frozenset({both}))
        return self._made(
            Clause(clause.inside | narrower.inside, clause.outside | narrower.outside)
            for clause in self.clauses
            for narrower in other.clauses
        )

    def __invert__(self) -> Language:
        result = Language.everything(self.alphabet)
        for clause in self.clauses:
            outside = [Clause(outside=frozenset({automaton})) for automaton in clause.inside]
            inside = [Clause(inside=frozenset({automaton})) for automaton in clause.outside]
            result &= Language(self.alphabet, frozenset(outside + inside))
        return result

    def __sub__(self, other: Language) -> Language:
        return self & ~other

    def __contains__(self, alias: object) -> bool:
        if not isinstance(alias, str):
            return False
        folded = fold(alias)
        return any(
            all(automaton.accepts(folded) for automaton in clause.inside)
            and not any(automaton.accepts(folded) for automaton in clause.outside)
            for clause in self.clauses
        )

    def shortest(self) -> str | None:
        """An alias as short as any; None when there is none. Raises NotProved when the language is too large."""
        aliases = [shortest(self.alphabet, tuple(clause.inside), tuple(clause.outside)) for clause in self.clauses]
        return min((alias for alias in aliases if alias is not None), key=len, default=None)

    def first(self) -> str | None:
        """The first of the shortest aliases, the same for equal languages; None when there is none.

        Raises NotProved when the language is too large.
        """
        aliases = [first(self.alphabet, tuple(clause.inside), tuple(clause.outside)) for clause in self.clauses]
        return min((alias for alias in aliases if alias is not None), key=self._rank, default=None)

    def is_empty(self) -> bool:
        """Raises NotProved when the language is too large."""
        return all(
            shortest(self.alphabet, tuple(clause.inside), tuple(clause.outside)) is None for clause in self.clauses
        )

    def within(self, other: Language) -> bool:
        """Whether every alias of this language is in the other. Raises NotProved when they are too large."""
        return (self - other).is_empty()

    def meets(self, other: Language) -> bool:
        """Whether some alias is in both. Raises NotProved when they are too large."""
        return not (self & other).is_empty()

    def _rank(self, alias: str) -> tuple[int, list[int]]:
        return len(alias), [self.alphabet.symbol(character) or 0 for character in alias]

    def _made(self, clauses: Iterable[Clause]) -> Language:
        """The union of the clauses, without those that are empty or part of another."""
        kept = {clause for clause in clauses if not clause.contradicts}
        kept = {clause for clause in kept if not any(_wider(other, clause) for other in kept)}
        if len(kept) > MAX_CLAUSES:
            raise NotProved(f"more than {MAX_CLAUSES} cases")
        return Language(self.alphabet, frozenset(kept))


def _wider(clause: Clause, other: Clause) -> bool:
    return clause != other and clause.inside <= other.inside and clause.outside <= other.outside


def node_of(kind: PatternType, text: str, variables: Variables = NO_VARIABLES, tree: Node | None = None) -> Node:
    """The expanded tree of a pattern of any type. ``tree``: that of a regex, when it is parsed already."""
    if kind is PatternType.REGEX:
        return expand(tree or parse_pattern(text), variables)
    texts = Group(Alternation(tuple(map(Literal, expanded_texts(text, variables)))))
    if kind is PatternType.PREFIX:
        return Sequence((texts, ANYTHING))
    return Sequence((ANYTHING, texts)) if kind is PatternType.SUFFIX else texts
