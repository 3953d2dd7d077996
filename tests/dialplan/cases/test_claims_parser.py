from __future__ import annotations

import pytest

from dialplan.cases.claims import Claim, ClaimKind
from dialplan.cases.claims_parser import ClaimError, parse_claim
from dialplan.cases.parser import format_cases, parse_cases
from dialplan.model import Location, Traffic
from dialplan.problem import DialplanError

HERE = Location("f", 1, 1)


def test_all_parts() -> None:
    text = 'NEVER from zone "A" "B ""b""" alias "*@x.y" traffic Microsoft IMP authenticated no to zone "C" "D"'
    assert parse_claim(text, HERE) == Claim(
        kind=ClaimKind.NEVER,
        sources=("A", 'B "b"'),
        pattern=r".*@x\.y",
        traffic=Traffic.MICROSOFT_IMP,
        authenticated=False,
        targets=("C", "D"),
        text=text,
    )


def test_a_domain_with_its_zones_and_without() -> None:
    text = 'never from domain "a.example" in zone "A" "B" to zone "C"'
    expected = Claim(kind=ClaimKind.NEVER, sources=("A", "B"), domain="a.example", targets=("C",), text=text)
    assert parse_claim(text, HERE) == expected
    for text in ('always from domain "a" from zone "A"', 'always from zone "A" from domain "a"'):
        assert parse_claim(text, HERE) == Claim(kind=ClaimKind.ALWAYS, sources=("A",), domain="a", text=text)


def test_parts_in_any_order() -> None:
    claim = parse_claim(r'only to zone "C" alias regex "a|b" authenticated yes', HERE)
    assert claim == Claim(kind=ClaimKind.ONLY, pattern="a|b", authenticated=True, targets=("C",), text=claim.text)


@pytest.mark.parametrize(
    ("text", "offset", "message"),
    [
        ("never", 5, "a claim about every request"),
        ('never from "A"', 11, "a claim that is not understood"),
        ('never to zone "A" to zone "B"', 26, "targets a second time"),
        ('never from zone "A" from domain "a" in zone "B"', 32, "domain a second time"),
        ('only from domain "a"', 0, "only takes no domain"),
        ('never in zone "A"', 6, "a claim that is not understood"),
        ('never alias "a" alias regex "b"', 28, "regex a second time"),
        ("always traffic jabber", 15, '"jabber" is not a kind of traffic'),
        ("always authenticated maybe", 21, "a claim that is not understood"),
        ('always alias ""', 13, "an alias without a character"),
        ('always alias "a\x7fb"', 13, "an alias without a character"),
        (r'always alias regex "ab(c"', 24, "a ("),
        ("only from", 9, "a claim that is not understood"),
    ],
)
def test_mistakes(text: str, offset: int, message: str) -> None:
    with pytest.raises(ClaimError) as caught:
        parse_claim(text, HERE)
    assert (caught.value.offset, caught.value.message[: len(message)]) == (offset, message)


def test_claims_stand_beside_cases() -> None:
    text = 'plan "p.toml"\n\nnever   FROM zone "A" to zone "B"   # no transit\nalways alias "x" to zone "C"\n'
    found = parse_cases(text, "f")
    assert [(one.kind, str(one.location)) for one in found.claims] == [
        (ClaimKind.NEVER, "f:3:1"),
        (ClaimKind.ALWAYS, "f:4:1"),
    ]
    assert format_cases(text, "f") == (
        'plan "p.toml"\n\nnever from zone "A" to zone "B"  # no transit\nalways alias "x" to zone "C"\n'
    )


def test_a_mistake_is_shown_at_its_place() -> None:
    with pytest.raises(DialplanError) as caught:
        parse_cases('plan "p.toml"\nnever to zone "A" to zone "B"\nonly where\n', "f")
    assert [str(one.location) for one in caught.value.problems] == ["f:2:27", "f:3:6"]
