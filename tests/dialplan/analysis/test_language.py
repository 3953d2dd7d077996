from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialplan.analysis.language import Language
from dialplan.model import PatternType
from dialplan.pattern import compile_pattern
from dialplan.pattern_syntax import PatternError

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


@pytest.mark.slow
@given(regexes(looks=False))
@settings(max_examples=150, deadline=None)
def test_a_language_holds_what_the_engine_matches(pattern: str) -> None:
    _check(pattern)


@pytest.mark.slow
@given(regexes(looks=True))
@settings(max_examples=150, deadline=None)
def test_look_arounds_too(pattern: str) -> None:
    _check(pattern)
