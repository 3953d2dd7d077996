"""The aliases that count as IP addresses (mode *any IP address*), as a language: ``search.is_address`` written out.

RFC 4291 2.2 describes the text of an IPv6 address, RFC 4007 11 its zone.
"""

from __future__ import annotations

from functools import lru_cache

from dialplan.pattern.expansion import expand
from dialplan.pattern.parser import parse_pattern
from dialplan.pattern.pattern import NO_VARIABLES
from dialplan.syntax import Alternation, Node, Sequence

from .alphabet import Alphabet
from .language import Language

_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_V4 = rf"{_OCTET}(?:\.{_OCTET}){{3}}"
_GROUP = r"[0-9a-f]{1,4}"
_GROUPS = 8


@lru_cache(maxsize=16)
def addresses(alphabet: Alphabet) -> Language:
    """An address, alone, with a port or in brackets. Anything but @ may follow a bracket or semicolon.

    It is kept for the alphabets that were used last: making it takes 10 ms.
    """
    v6 = _v6()
    bracketed = Alternation((_tree(_V4), Sequence((v6, _tree("(?:%[^]%@;]+)?")))))
    forms = (
        Sequence((_tree(_V4), _tree("(?::[^:@;]*)?"))),
        Sequence((v6, _tree("(?:%[^%@;]+)?"))),
        Sequence((_tree(r"\["), bracketed, _tree(r"(?:\][^@;]*)?"))),
    )
    return Language.of_node(Sequence((Alternation(forms), _tree("(?:;[^@]*)?"))), alphabet)


def _v6() -> Node:
    """Eight groups, or fewer with one ``::`` in place of at least one; the last two may be an IPv4 address."""
    whole = [f"(?:{_GROUP}:){{7}}{_GROUP}", f"(?:{_GROUP}:){{6}}{_V4}"]
    for left in range(_GROUPS):
        before = f"{_GROUP}(?::{_GROUP}){{{left - 1}}}" if left else ""
        right = _GROUPS - 1 - left
        after = [""]
        if right >= 1:
            after.append(f"{_GROUP}(?::{_GROUP}){{0,{right - 1}}}")
        if right >= 2:
            after.append(f"(?:{_GROUP}:){{0,{right - 2}}}{_V4}")
        whole += [f"{before}::{end}" for end in after]
    return Alternation(tuple(map(_tree, whole)))


def _tree(pattern: str) -> Node:
    return expand(parse_pattern(pattern), NO_VARIABLES)
