"""Sets of aliases: made of patterns, combined with ``&``, ``|``, ``-`` and ``~``, asked for emptiness and witnesses.

A language is a choice of *clauses*; a clause is all aliases that some automata accept and some others do not. So every
question comes down to walking through one product after the other. Languages that meet must share their alphabet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
        """What a pattern matches. Raise PatternError as its compilation does."""
        return Language.of_node(node_of(kind, text, variables), alphabet)

    @staticmethod
    def of_node(node: Node, alphabet: Alphabet = ASCII) -> Language:
        """What an expanded tree matches; the alphabet must be ``Alphabet.of`` it (and of what it meets)."""
        graph = Graph(node, alphabet)
        return Language.of_automaton(LookAutomaton(graph) if has_look(node) else PatternAutomaton(graph))

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
        return self._made(
            Clause(one.inside | two.inside, one.outside | two.outside) for one in self.clauses for two in other.clauses
        )

    def __invert__(self) -> Language:
        result = Language.everything(self.alphabet)
        for clause in self.clauses:
            outside = [Clause(outside=frozenset({one})) for one in clause.inside]
            inside = [Clause(inside=frozenset({one})) for one in clause.outside]
            result &= Language(self.alphabet, frozenset(outside + inside))
        return result

    def __sub__(self, other: Language) -> Language:
        return self & ~other

    def __contains__(self, alias: object) -> bool:
        if not isinstance(alias, str):
            return False
        folded = fold(alias)
        return any(
            all(one.accepts(folded) for one in clause.inside) and not any(one.accepts(folded) for one in clause.outside)
            for clause in self.clauses
        )

    def shortest(self) -> str | None:
        """An alias as short as any, None when there is none. Raise NotProved."""
        words = [shortest(self.alphabet, tuple(one.inside), tuple(one.outside)) for one in self._ordered()]
        return min((word for word in words if word is not None), key=len, default=None)

    def first(self) -> str | None:
        """The first of the shortest aliases: equal languages give equal answers. Raise NotProved."""
        found: str | None = None
        for clause in self._ordered():
            word = first(self.alphabet, tuple(clause.inside), tuple(clause.outside))
            if word is not None and (found is None or (len(word), self._key(word)) < (len(found), self._key(found))):
                found = word
        return found

    def is_empty(self) -> bool:
        """Raise NotProved."""
        return all(shortest(self.alphabet, tuple(one.inside), tuple(one.outside)) is None for one in self._ordered())

    def within(self, other: Language) -> bool:
        """Whether every alias here is there too. Raise NotProved."""
        return (self - other).is_empty()

    def meets(self, other: Language) -> bool:
        """Whether some alias is in both. Raise NotProved."""
        return not (self & other).is_empty()

    def _key(self, word: str) -> list[int]:
        return [self.alphabet.symbol(one) or 0 for one in word]

    def _made(self, clauses: Iterable[Clause]) -> Language:
        """Without clauses that contradict themselves or say more than another."""
        kept = {one for one in clauses if not one.contradicts}
        if len(kept) > 1:
            kept = {one for one in kept if not any(_wider(other, one) for other in kept)}
        if len(kept) > MAX_CLAUSES:
            raise NotProved(f"more than {MAX_CLAUSES} cases")
        return Language(self.alphabet, frozenset(kept))

    def _ordered(self) -> Iterator[Clause]:
        """The simplest first."""
        return iter(sorted(self.clauses, key=lambda one: len(one.inside) + len(one.outside)))


def _wider(one: Clause, other: Clause) -> bool:
    return one != other and one.inside <= other.inside and one.outside <= other.outside


def node_of(kind: PatternType, text: str, variables: Variables = NO_VARIABLES, tree: Node | None = None) -> Node:
    """The expanded tree of a pattern of any type. ``tree``: the parsed text of a regex, when there is one."""
    if kind is PatternType.REGEX:
        return expand(tree or parse_pattern(text), variables)
    texts = Group(Alternation(tuple(Literal(one) for one in expanded_texts(text, variables))))
    if kind is PatternType.PREFIX:
        return Sequence((texts, ANYTHING))
    return Sequence((ANYTHING, texts)) if kind is PatternType.SUFFIX else texts
