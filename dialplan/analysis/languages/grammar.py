"""The shape of well-formed aliases, so that a witness is one that a person would believe.

An alias is ``user@host``, ``host``, or a Route's URI without its scheme: with ``:port`` and ``;parameters`` behind.
It is a subset of RFC 3261 25.1 on purpose: letters, digits and the marks that occur.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from dialplan.model import PatternType

from .alphabet import Alphabet
from .automaton import NotProved
from .language import Language

USER = r"\+?[a-z0-9]+([._-][a-z0-9]+)*"
PLAIN_USER = r"\+?[a-z0-9]+([._-][a-z0-9]+)?"
LABEL = r"[a-z0-9]+(-+[a-z0-9]+)*"
HOST = rf"({LABEL}\.)*{LABEL}"
DOMAIN = rf"{LABEL}(\.{LABEL})+"
TAIL = r"(:[1-9]\d{1,4})?(;[a-z0-9-]+(=[a-z0-9.-]+)?)*"

PLAIN = rf"({PLAIN_USER}@)?{DOMAIN}{TAIL}"
"""The host has a dot, and the user part does not look like a host."""
DOTTED = rf"({USER}@)?{DOMAIN}{TAIL}"
"""The host has a dot."""
WELL_FORMED = rf"({USER}@)?{HOST}{TAIL}"
NATURAL = {
    PLAIN: (
        r"alice@example\.(com|org|net)",
        rf"alice@{DOMAIN}",
        rf"{PLAIN_USER}@{DOMAIN}",
        r"192\.0\.2\.\d{1,3}",
        rf"{DOMAIN}",
    ),
    DOTTED: (),
    WELL_FORMED: (rf"alice@{HOST}",),
}
"""Wider and wider shapes, each with narrower ones, all of them within it, that people would rather write, the best
first."""


@lru_cache(maxsize=256)
def fixed(pattern: str, alphabet: Alphabet) -> Language:
    """The language of a regex that is asked for again and again, with all that is known of its automaton.

    A check of 150 rules takes 0.35 s with it, 1.5 without (rules of tools/bench/search.py).
    """
    return Language.of(PatternType.REGEX, pattern, alphabet=alphabet)


def well_formed(alphabet: Alphabet) -> Language:
    """Every alias that the grammar knows."""
    return fixed(WELL_FORMED, alphabet)


def with_domain(alphabet: Alphabet) -> Language:
    """Well-formed aliases whose host has a dot."""
    return fixed(DOTTED, alphabet)


def plain_aliases(alphabet: Alphabet) -> Language:
    """As ``with_domain``, and the user part does not look like a host name."""
    return fixed(PLAIN, alphabet)


def witness(language: Language) -> str | None:
    """A natural alias of the language: well-formed if there is one, else any; None when the language is empty.

    Raises NotProved when the language is too large for an answer.
    """
    return Witnesses().witness(language)


class Witnesses:
    """The results of ``natural`` and ``witness``, kept: a check asks several times for the same languages."""

    def __init__(self) -> None:
        self._natural: dict[Language, str | NotProved | None] = {}
        self._shortest: dict[Language, str | NotProved | None] = {}

    def natural(self, language: Language) -> str | None:
        return _kept(self._natural, language, natural)

    def witness(self, language: Language) -> str | None:
        try:
            alias = self.natural(language)
        except NotProved:
            if language.is_empty():
                return None
            raise
        return _kept(self._shortest, language, Language.shortest) if alias is None else alias


def _kept(
    known: dict[Language, str | NotProved | None], language: Language, asked: Callable[[Language], str | None]
) -> str | None:
    if language not in known:
        try:
            known[language] = asked(language)
        except NotProved as error:
            known[language] = error
    answer = known[language]
    if isinstance(answer, NotProved):
        raise NotProved(*answer.args)
    return answer


def natural(language: Language) -> str | None:
    """A well-formed alias of the language, the most natural one; None when there is none.

    Raises NotProved when the language is too large for an answer.
    """
    if not language.clauses:
        return None
    shapes = (shape for wide, narrower in NATURAL.items() for shape in (*narrower, wide))
    aliases = ((language & fixed(shape, language.alphabet)).shortest() for shape in shapes)
    return next((alias for alias in aliases if alias is not None), None)
