from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from dialplan.analysis.languages.language import Language
from dialplan.model import PatternType, Variables
from dialplan.pattern.pattern import compile_pattern
from dialplan.syntax import PatternError

LETTERS = "ab@."
ALIASES = ["".join(letters) for length in range(6) for letters in product(LETTERS, repeat=length)]

ATOMS = ["a", "b", "@", r"\.", ".", "[ab]", "[^a]", r"\w", r"\W", "^", "$"]
LOOKS = ["(?!a)", "(?=b)", "(?<!a)", "(?<=@)", "(?!.*b$)", "(?!a.*)", "(?<!^a)", "(?!ab|b)", "(?=.*@a)"]


def _joined(parts: list[str]) -> str:
    return "".join(parts)


def regexes(looks: bool) -> st.SearchStrategy[str]:
    atoms = st.sampled_from(ATOMS + LOOKS if looks else ATOMS)
    piece = st.recursive(
        atoms,
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"({_joined(parts)})"),
            st.tuples(inner, inner).map(lambda two: f"({two[0]}|{two[1]})"),
            st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,2}", "*?"])).map(
                lambda two: f"({two[0]}){two[1]}"
            ),
        ),
        max_leaves=5,
    )
    return st.lists(piece, min_size=1, max_size=4).map(_joined)


def _check(pattern: str) -> None:
    try:
        compiled = compile_pattern(PatternType.REGEX, pattern)
    except PatternError:
        return
    language = Language.of(PatternType.REGEX, pattern)
    for alias in ALIASES:
        assert (alias in language) == compiled.test(alias), alias


@examples(100)
@given(regexes(looks=False))
def test_a_language_holds_what_the_engine_matches(pattern: str) -> None:
    _check(pattern)


@pytest.mark.slow
@examples(100)
@given(regexes(looks=True))
def test_look_arounds_too(pattern: str) -> None:
    _check(pattern)


def regex(pattern: str) -> Language:
    return Language.of(PatternType.REGEX, pattern)


@pytest.mark.slow
@examples(80)
@given(regexes(looks=True), regexes(looks=False))
def test_algebra(one: str, other: str) -> None:
    try:
        first, second = regex(one), regex(other)
    except PatternError:
        return
    both, either, less, none = first & second, first | second, first - second, ~first
    for alias in ALIASES[:400]:
        inside, beside = alias in first, alias in second
        assert (alias in both, alias in either) == (inside and beside, inside or beside)
        assert (alias in less, alias in none) == (inside and not beside, not inside)
    inside_all = all(alias in second for alias in ALIASES if alias in first)
    assert not first.within(second) or inside_all
    assert first.meets(second) or not any(alias in both for alias in ALIASES)


@pytest.mark.slow
@examples(100)
@given(regexes(looks=True))
def test_a_witness_is_as_short_as_any(pattern: str) -> None:
    try:
        language = regex(pattern)
    except PatternError:
        return
    found, canonical = language.shortest(), language.first()
    shortest = next((alias for alias in ALIASES if alias in language), None)
    if found is None or canonical is None:
        assert (found, canonical, shortest) == (None, None, None)
        assert language.is_empty()
        return
    assert found in language and canonical in language
    assert len(found) == len(canonical)
    assert shortest is None or len(found) <= len(shortest)


@pytest.mark.parametrize(
    ("one", "other", "inside"),
    [
        (r"alice@msexample\.com", r".*@msexample\.com", True),
        (r".*@(.*\.)?msexample\.com", r".*@msexample\.com", False),
        (r"[^@]*@a", r".*@a", True),
        (r".*@a", r"[^@]*@a", False),
        ("(a|b)c", "ac|bc", True),
        ("A", "a", True),
        ("(?!alice).*", ".*", True),
        (".*", "(?!alice).*", False),
        (r".*(?<!net)", "(?!.*net$).*", True),
    ],
)
def test_within(one: str, other: str, inside: bool) -> None:
    assert regex(one).within(regex(other)) == inside


def test_equal_languages_have_the_same_first_alias() -> None:
    assert regex(".*@(b|a)x?").first() == regex("(.*)@[ab](x|)").first() == "@a"


def test_one_alias() -> None:
    only = Language.only("Alice@a")
    assert "alice@A" in only and only.shortest() == "alice@a" and 7 not in only
    assert (only - Language.only("alice@a")).is_empty()
    assert Language.nothing().is_empty() and not Language.everything().is_empty()


def test_variables() -> None:
    both = Language.of(PatternType.SUFFIX, "@%localdomains%", Variables(domains=("a", "b")))
    assert "x@a" in both and "x@b" in both and "x@c" not in both
