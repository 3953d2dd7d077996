"""What well-formed aliases look like, so that a witness is one that a person would believe.

An alias is ``user@host``, ``host``, or a Route's URI without its scheme: with ``:port`` and ``;parameters`` behind.
A subset of RFC 3261 25.1, on purpose: letters, digits and the marks that occur.
"""

from __future__ import annotations

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
"""Wider and wider shapes, and inside each those that people would rather write, the best first."""


@lru_cache(maxsize=256)
def _shape(pattern: str, alphabet: Alphabet) -> Language:
    return Language.of(PatternType.REGEX, pattern, alphabet=alphabet)


def well_formed(alphabet: Alphabet) -> Language:
    """Every alias that the grammar knows."""
    return _shape(WELL_FORMED, alphabet)


def with_domain(alphabet: Alphabet) -> Language:
    """Well-formed aliases whose host has a dot."""
    return _shape(DOTTED, alphabet)


def plain(alphabet: Alphabet) -> Language:
    """As ``with_domain``, and the user part does not look like a host name."""
    return _shape(PLAIN, alphabet)


def witness(language: Language) -> str | None:
    """A natural alias of the language: well-formed if there is one, else any; None when it is empty.

    Raise NotProved when none was found and that is no proof.
    """
    try:
        found = language.shortest()
    except NotProved:
        found = natural(language)
        if found is None:
            raise
        return found
    return found if found is None else natural(language) or found


def natural(language: Language) -> str | None:
    """A well-formed alias of the language, the most natural first. Raise NotProved."""
    if not language.clauses:
        return None
    for wide, narrower in NATURAL.items():
        alias = (language & _shape(wide, language.alphabet)).shortest()
        if alias is not None:
            better = (language & _shape(shape, language.alphabet) for shape in narrower)
            return next((found for one in better if (found := one.shortest()) is not None), alias)
    return None
