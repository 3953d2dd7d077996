"""What well-formed aliases look like, so that a witness is one that a person would believe.

An alias is ``user@host``, ``host``, or a Route's URI without its scheme: with ``:port`` and ``;parameters`` behind.
A subset of RFC 3261 25.1, on purpose: letters, digits and the marks that occur.
"""

from __future__ import annotations

from functools import lru_cache

from ..model import PatternType
from .alphabet import Alphabet
from .language import Language

USER = r"\+?[a-z0-9]+([._-][a-z0-9]+)*"
LABEL = r"[a-z0-9]+(-+[a-z0-9]+)*"
HOST = rf"({LABEL}\.)*{LABEL}"
DOMAIN = rf"{LABEL}(\.{LABEL})+"
TAIL = r"(:[1-9]\d{1,4})?(;[a-z0-9-]+(=[a-z0-9.-]+)?)*"

PEOPLE = "(alice|carol|david)"
SHAPES = (
    rf"{PEOPLE}@example\.(com|org|net)",
    rf"{PEOPLE}@{DOMAIN}",
    rf"{USER}@{DOMAIN}",
    rf"{DOMAIN}",
    r"192\.0\.2\.\d{1,3}",
    rf"({USER}@)?{DOMAIN}{TAIL}",
)
"""Shapes of an alias whose host has a dot, the most natural first."""
BARE_HOST = rf"({USER}@)?{HOST}{TAIL}"
"""Any host name; without a dot it can still be written into a request."""


@lru_cache(maxsize=16)
def shapes(alphabet: Alphabet) -> tuple[Language, ...]:
    return tuple(Language.of(PatternType.REGEX, shape, alphabet=alphabet) for shape in (*SHAPES, BARE_HOST))


def well_formed(alphabet: Alphabet) -> Language:
    """Every alias that the grammar knows."""
    return shapes(alphabet)[-1]


def with_domain(alphabet: Alphabet) -> Language:
    """Well-formed aliases whose host has a dot."""
    return shapes(alphabet)[-2]


def witness(language: Language) -> str | None:
    """A natural alias of the language: well-formed if there is one, else any; None when it is empty.

    Raise NotProved when none was found and that is no proof.
    """
    found = natural(language)
    return language.shortest() if found is None else found


def natural(language: Language) -> str | None:
    """A well-formed alias of the language, the most natural first. Raise NotProved."""
    for shape in shapes(language.alphabet):
        alias = (language & shape).shortest()
        if alias is not None:
            return alias
    return None
