"""Rewritings: the change of an alias by a behaviour, as a value that can be compared and turned round.

Turning round leads from a language to the aliases that the rewriting changes into one of it. It is exact, or raises
NotProved: for replace strings that put groups into another order, or use one twice.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from functools import partial

from dialplan.analysis.languages.automaton import DEAD, FULL, Automaton, split
from dialplan.analysis.languages.language import Clause, Language
from dialplan.analysis.languages.normal import normal
from dialplan.analysis.languages.template import BeforeTemplate
from dialplan.model import Behavior, Entry, PatternType, Variables
from dialplan.pattern.folding import fold
from dialplan.pattern.pattern import expanded_texts
from dialplan.pattern.replacement import join, parse_replacement
from dialplan.syntax import ANYTHING, Group, Literal, Node, Sequence, group_count


@dataclass(frozen=True, slots=True)
class Same:
    """The alias goes on as it is."""


@dataclass(frozen=True, slots=True)
class Constant:
    text: str


@dataclass(frozen=True, slots=True)
class Ends:
    """At the start, or else at the end, the longest of ``texts`` that fits is replaced by ``text``."""

    start: bool
    texts: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Added:
    """``text`` is added at the start, or else at the end."""

    start: bool
    text: str


@dataclass(frozen=True, slots=True)
class Template:
    """A replace string with groups. ``node``: the tree of the regex; ``parts``: texts and group numbers."""

    node: Node
    parts: tuple[str | int, ...]


Rewriting = Same | Constant | Ends | Added | Template


def rewriting_of(entry: Entry, node: Node | None, variables: Variables) -> Rewriting:
    """``entry``: one that has been compiled with these variables; ``node``: the expanded tree of its regex."""
    behavior = entry.behavior
    if behavior is Behavior.LEAVE:
        return Same()
    if behavior is Behavior.REPLACE and entry.pattern_type is PatternType.REGEX and node is not None:
        return _template(node, parse_replacement(entry.replace, group_count(node), variables))
    text = "" if behavior is Behavior.STRIP else join(parse_replacement(entry.replace, None, variables), ())
    if behavior in (Behavior.ADD_PREFIX, Behavior.ADD_SUFFIX):
        return Added(behavior is Behavior.ADD_PREFIX, text) if text else Same()
    if entry.pattern_type in (PatternType.PREFIX, PatternType.SUFFIX):
        texts = sorted(expanded_texts(entry.pattern, variables), key=lambda matched: (-len(matched), matched))
        return Ends(entry.pattern_type is PatternType.PREFIX, tuple(texts), text)
    return Constant(text)


def _template(node: Node, parts: tuple[str | int, ...]) -> Rewriting:
    if not any(isinstance(part, int) for part in parts):
        return Constant(join(parts, ()))
    return Same() if _repeats(node, parts) else _of_one_end(node, parts) or Template(node, parts)


def _of_one_end(node: Node, parts: tuple[str | int, ...]) -> Ends | None:
    """``(.*)old`` with ``\\1new``, or both the other way round, the same as ``Ends``, which is turned round faster."""
    plain = normal(node)
    if not (isinstance(node, Sequence) and isinstance(plain, Sequence) and len(plain.items) == len(parts) == 2):
        return None
    kept = any(isinstance(item, Group) and item.index == 1 and normal(item.body) == ANYTHING for item in node.items)
    (first, second), (before, behind) = plain.items, parts
    if kept and isinstance(first, Literal) and isinstance(before, str) and behind == 1:
        return Ends(True, (first.text,), before)
    if kept and isinstance(second, Literal) and isinstance(behind, str) and before == 1:
        return Ends(False, (second.text,), behind)
    return None


def _repeats(node: Node, parts: tuple[str | int, ...]) -> bool:
    """Whether the template puts every piece of the alias back to its place, like ``(.*)@(.*)`` and ``\\1@\\2``."""
    items = node.items if isinstance(node, Sequence) else (node,)
    merged: list[str | int] = []
    for item in items:
        if isinstance(item, Group) and item.index:
            merged.append(item.index)
        elif isinstance(item, Literal) and not any(character.isalpha() for character in item.text):
            merged.append(item.text)
        else:
            return False
    return tuple(merged) == parts


def image(rewriting: Rewriting) -> Node:
    """The expanded tree of a pattern that every alias matches that the rewriting makes."""
    if isinstance(rewriting, Constant):
        return Literal(fold(rewriting.text))
    if isinstance(rewriting, Template):
        return Sequence(tuple(Literal(fold(part)) if isinstance(part, str) else ANYTHING for part in rewriting.parts))
    return ANYTHING if isinstance(rewriting, Same) else _end(rewriting.start, fold(rewriting.text))


def aliases_before(language: Language, rewriting: Rewriting) -> Language:
    """All aliases that the rewriting changes into one of the language.

    Only aliases that the entry matches count; others may be in the result or not. Raises NotProved when there is no
    exact way.
    """
    if isinstance(rewriting, Same):
        return language
    if isinstance(rewriting, Template):
        template = rewriting
        return _mapped(language, lambda automaton: BeforeTemplate(automaton, template.node, template.parts))
    if isinstance(rewriting, Constant):
        held = rewriting.text in language
        return Language.everything(language.alphabet) if held else Language.nothing(language.alphabet)
    if isinstance(rewriting, Added):
        return _mapped(language, lambda automaton: _BeforeAdded(automaton, rewriting))
    return _before_ends(language, rewriting)


def _before_ends(language: Language, rewriting: Ends) -> Language:
    result = Language.nothing(language.alphabet)
    for position, text in enumerate(rewriting.texts):
        fits = Language.of_node(_end(rewriting.start, text), language.alphabet)
        for longer in rewriting.texts[:position]:
            if longer.startswith(text) if rewriting.start else longer.endswith(text):
                fits -= Language.of_node(_end(rewriting.start, longer), language.alphabet)
        result |= fits & _mapped(language, partial(_before_end, rewriting, text))
    return result


def _end(start: bool, text: str) -> Node:
    return Sequence((Literal(text), ANYTHING) if start else (ANYTHING, Literal(text)))


def _mapped(language: Language, made: Callable[[Automaton], Automaton]) -> Language:
    """The language with every automaton replaced. That is exact, as turning round keeps unions and complements."""
    automata = {automaton for clause in language.clauses for automaton in clause.inside | clause.outside}
    turned = {automaton: made(automaton) for automaton in automata}
    return Language(
        language.alphabet,
        frozenset(
            Clause(
                frozenset(map(turned.__getitem__, clause.inside)), frozenset(map(turned.__getitem__, clause.outside))
            )
            for clause in language.clauses
        ),
    )


def _before_end(rewriting: Ends, text: str, automaton: Automaton) -> Automaton:
    if rewriting.start:
        return _BeforeStart(automaton, text, fold(rewriting.text))
    return _BeforeEnd(automaton, text, fold(rewriting.text))


class _Turned(Automaton):
    """An automaton whose states are, in part, those of another one."""

    def __init__(self, inner: Automaton) -> None:
        self._inner = inner
        super().__init__(inner.alphabet)

    def _final(self, key: Hashable) -> int | None:
        return key if key in (DEAD, FULL) and isinstance(key, int) else None

    def _accepts(self, key: Hashable) -> bool:
        return isinstance(key, int) and self._inner.accepting(key)

    def _moves(self, key: Hashable) -> Iterable[tuple[int, Hashable]]:
        assert isinstance(key, int)
        return self._inner.edges(key)


class _BeforeAdded(_Turned):
    """Aliases that the inner automaton accepts once ``text`` is added."""

    def __init__(self, inner: Automaton, added: Added) -> None:
        self._added = added
        self._text = fold(added.text)
        super().__init__(inner)

    def _start(self) -> Hashable:
        return self._inner.after(self._inner.start, self._text) if self._added.start else self._inner.start

    def _accepts(self, key: Hashable) -> bool:
        assert isinstance(key, int)
        return self._inner.accepting(key if self._added.start else self._inner.after(key, self._text))


class _BeforeStart(_Turned):
    """Aliases that begin with ``old``, and that the inner automaton accepts with ``new`` in its place.

    Keys: ("old", the number of its characters that are read), then the inner state.
    """

    def __init__(self, inner: Automaton, old: str, new: str) -> None:
        self._old = old
        self._new = new
        super().__init__(inner)

    def _start(self) -> Hashable:
        return self._key(0)

    def _key(self, read: int) -> Hashable:
        return self._inner.after(self._inner.start, self._new) if read == len(self._old) else ("old", read)

    def _moves(self, key: Hashable) -> Iterable[tuple[int, Hashable]]:
        if isinstance(key, tuple):
            return [(self.alphabet.mask_of_character(self._old[key[1]]), self._key(key[1] + 1))]
        return super()._moves(key)


class _BeforeEnd(_Turned):
    """Aliases that end with ``old``, and that the inner automaton accepts with ``new`` in its place.

    Keys: (the inner state, a bit for each length of ``old`` that may be read by now, the lowest for none).
    """

    def __init__(self, inner: Automaton, old: str, new: str) -> None:
        self._new = new
        self._masks = [inner.alphabet.mask_of_character(character) for character in old]
        super().__init__(inner)

    def _start(self) -> Hashable:
        return self._key(self._inner.start, 0)

    def _key(self, state: int, bits: int) -> Hashable:
        """``old`` may begin here when the inner automaton accepts with ``new`` from here."""
        good = self._inner.accepting(self._inner.after(state, self._new))
        bits |= int(good)
        return DEAD if state == DEAD and not bits else (state, bits)

    def _final(self, key: Hashable) -> int | None:
        return DEAD if key == DEAD else None

    def _accepts(self, key: Hashable) -> bool:
        assert isinstance(key, tuple)
        return bool(key[1] >> len(self._masks) & 1)

    def _moves(self, key: Hashable) -> Iterable[tuple[int, Hashable]]:
        assert isinstance(key, tuple)
        state, bits = key
        steps = [(mask, 1 << place + 1) for place, mask in enumerate(self._masks) if bits >> place & 1]
        for mask, read in split(self.alphabet.everything, steps):
            for edge, after in self._inner.edges(state):
                if mask & edge:
                    yield mask & edge, self._key(after, read)
