from __future__ import annotations

import pytest

from dialplan.analysis.languages.alphabet import ASCII
from dialplan.analysis.languages.grammar import natural, plain_aliases, well_formed, with_domain, witness
from dialplan.analysis.languages.language import Language
from dialplan.model import PatternType


def regex(pattern: str) -> Language:
    return Language.of(PatternType.REGEX, pattern)


@pytest.mark.parametrize(
    ("pattern", "alias"),
    [
        (".*", "alice@example.com"),
        (r".*@msexample\.com", "alice@msexample.com"),
        (r".*@(.*\.)?msexample\.com", "alice@msexample.com"),
        (r"bob.*@.*\.net", "bob@a.net"),
        (r"\+?\d{4,}@.*", "0000@a.a"),
        (r".*imp1-public\.ciscoexample\.com.*", "alice@imp1-public.ciscoexample.com"),
        (r".*imp1\.example\.com.*@other\.example", "imp1.example.com@other.example"),
        (r"\d+\.\d+\.\d+\.\d+", "192.0.2.0"),
        (r".*;lr", "a.a;lr"),
        ("alice", "alice"),
        (r"x\*y", "x*y"),
        ("a$b", None),
    ],
)
def test_witnesses_look_like_aliases(pattern: str, alias: str | None) -> None:
    assert witness(regex(pattern)) == alias


def test_natural_ones_are_well_formed() -> None:
    assert natural(regex(r"x\*y")) is None
    assert natural(regex(r"[^@]*@[^@]*@.*")) is None


@pytest.mark.parametrize(
    ("alias", "shapes"),
    [
        ("alice@example.com", 3),
        ("alice.smith@example.com:5061;transport=tls", 3),
        ("sip.example.com;lr", 3),
        ("imp1.example.com@example.com", 2),
        ("alice@localhost", 1),
        ("alice@", 0),
        ("sip:alice@example.com", 0),
    ],
)
def test_shapes(alias: str, shapes: int) -> None:
    assert [alias in shape(ASCII) for shape in (well_formed, with_domain, plain_aliases)] == [
        place < shapes for place in range(3)
    ]
