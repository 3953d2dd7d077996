"""Patterns of all four types, compiled: whether an alias matches, and how the behaviour changes it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

from dialplan.model import Behavior, PatternType, Variables
from dialplan.syntax import Node, PatternError, group_count, groups_in_looks

from .engine import Groups, Plain, Regex
from .expansion import expand
from .folding import MAX_ALIAS_LENGTH, Test, fold
from .literals import Texts
from .parser import MAX_PATTERN_LENGTH, parse_pattern
from .replacement import join, parse_replacement
from .variables import VARIABLE, check_name, values

MAX_ALTERNATIVES = 1000
"""Texts of one exact, prefix or suffix pattern once its variables are written out."""

MODEST = 60
"""Characters of a pattern that RE2 takes, whatever they are, unless something in it stands for more than itself: as
many as Expressway allows. A usual one is compiled in 25 us, the worst that are known in 1.5 ms."""

_GROWS = re.compile(r"[{%]|\(\?[^:]|\\[bB]|[*+?]\+")
"""Repetitions that are written out, variables, look-arounds, borders, atomic groups."""

NO_VARIABLES = Variables()

Rewrite = Callable[[str, str], str]
"""(alias, folded alias) -> the changed alias; only for an alias that matched."""


@dataclass(frozen=True, slots=True)
class Match:
    """An alias that matched."""

    alias: str
    folded: str
    pattern: Pattern

    @property
    def groups(self) -> Groups:
        """The whole alias, then the text of each ( ) of a regex; '' for a group that took no part."""
        return self.pattern.groups(self.alias, self.folded)

    def expand(self, replace: str, variables: Variables = NO_VARIABLES) -> str:
        """The alias after behaviour *replace*. Raises PatternError when the replace string is refused."""
        return self.pattern.rewrite(Behavior.REPLACE, replace, variables)(self.alias, self.folded)


class Pattern:
    """A compiled pattern. ``test`` takes the folded alias; all else here takes the alias as it is."""

    __slots__ = ("_node", "_regex", "kind", "plain", "required", "test")

    def __init__(self, kind: PatternType, plain: Plain | None, regex: Regex | None, node: Node | None) -> None:
        self.kind = kind
        self.plain = plain
        """The pattern as plain texts with anything or nothing around them; None when it is no such pattern."""
        self._regex = regex
        self.test: Test = regex.test if regex else plain.test() if plain else _never
        self.required: Texts | None = regex.required if regex else frozenset(plain.texts) if plain else None
        """Folded texts of which every matching alias holds at least one; None when there are none."""
        self._node = node

    def match(self, alias: str) -> Match | None:
        """None when the whole alias, ASCII case aside, does not match."""
        if len(alias) > MAX_ALIAS_LENGTH:
            return None
        folded = fold(alias)
        return Match(alias, folded, self) if self.test(folded) else None

    def groups(self, alias: str, folded: str) -> Groups:
        return self._regex.groups(alias, folded) if self._regex else (alias,)

    def rewrite(self, behavior: Behavior, replace: str, variables: Variables) -> Rewrite:
        """The change that the behaviour makes to a matching alias. Raises PatternError when ``replace`` is refused."""
        if behavior is Behavior.LEAVE:
            return lambda alias, folded: alias
        if behavior is Behavior.STRIP:
            return self._end_replaced("")
        if behavior is Behavior.REPLACE and self._node is not None:
            return self._template(self._node, replace, variables)
        text = join(parse_replacement(replace, None, variables), ())
        if behavior is Behavior.REPLACE:
            return self._end_replaced(text)
        if behavior is Behavior.ADD_PREFIX:
            return lambda alias, folded: text + alias
        return lambda alias, folded: alias + text

    def _template(self, node: Node, source: str, variables: Variables) -> Rewrite:
        count = group_count(node)
        hidden = groups_in_looks(node)
        parts = parse_replacement(source, count, variables)
        for part in parts:
            if isinstance(part, int) and part in hidden:
                message = f"\\{part} is a group inside a look-around"
                raise PatternError(source.find(f"\\{part}"), message, "nothing is kept of it")
        if not any(isinstance(part, int) for part in parts):
            constant = join(parts, ())
            return lambda alias, folded: constant

        def rewrite(alias: str, folded: str) -> str:
            groups = self.groups(alias, folded)
            return join(parts, groups + ("",) * (count + 1 - len(groups)))

        return rewrite

    def _end_replaced(self, text: str) -> Rewrite:
        """Replaces the matched end: the longest of the pattern's texts that fits. An exact pattern: the whole alias."""
        texts = sorted(self.plain.texts if self.plain else (), key=len, reverse=True)
        if self.kind is PatternType.PREFIX:
            return lambda alias, folded: text + alias[_longest(texts, folded.startswith) :]
        if self.kind is PatternType.SUFFIX:
            return lambda alias, folded: alias[: len(alias) - _longest(texts, folded.endswith)] + text
        return lambda alias, folded: text


def compile_pattern(
    kind: PatternType, text: str, variables: Variables = NO_VARIABLES, node: Node | None = None
) -> Pattern:
    """Raises PatternError when the pattern is refused. ``node``: the tree of a regex, when it is parsed already."""
    if kind is PatternType.REGEX:
        node = expand(node or parse_pattern(text), variables)
        regex = Regex(node, len(text) <= MODEST and not _GROWS.search(text))
        return Pattern(kind, regex.plain, regex, node)
    texts = expanded_texts(text, variables)
    return Pattern(kind, Plain(texts, kind is PatternType.SUFFIX, kind is PatternType.PREFIX), None, None)


def check_plain(text: str) -> None:
    """Raises PatternError when an exact, prefix or suffix pattern is refused."""
    if len(text) > MAX_PATTERN_LENGTH:
        raise PatternError(MAX_PATTERN_LENGTH, f"a pattern of {len(text)} characters", f"{MAX_PATTERN_LENGTH} at most")
    for match in VARIABLE.finditer(text):
        check_name(match[1].lower(), match.start())


def expanded_texts(text: str, variables: Variables) -> tuple[str, ...]:
    """All folded texts that a plain pattern stands for.

    Raises PatternError when the pattern is refused, or the texts are too many.
    """
    check_plain(text)
    choices: list[tuple[str, ...]] = []
    position, count = 0, 1
    for match in VARIABLE.finditer(text):
        texts = values(match[1].lower(), match.start(), variables)
        count *= len(texts)
        if count > MAX_ALTERNATIVES:
            raise PatternError(match.start(), "too many values in one pattern", f"{MAX_ALTERNATIVES} at most")
        choices += [(text[position : match.start()],), texts]
        position = match.end()
    choices.append((text[position:],))
    return tuple(dict.fromkeys(fold("".join(parts)) for parts in product(*choices)))


def _longest(texts: list[str], fits: Callable[[str], bool]) -> int:
    return next((len(text) for text in texts if fits(text)), 0)


def _never(folded: str) -> bool:
    return False
