from __future__ import annotations

from dialplan.model import PatternType, Variables
from dialplan.pattern.pattern import Pattern, compile_pattern
from dialplan.search.index import PatternIndex


def regex(text: str) -> Pattern:
    return compile_pattern(PatternType.REGEX, text)


FILLER: list[Pattern | None] = [regex(rf".*@filler{number}\.com") for number in range(16)]


def test_patterns_without_a_text_are_always_candidates() -> None:
    assert list(PatternIndex([regex("[a-z]+"), None]).candidates("x")) == [0, 1]


def test_a_few_patterns_are_all_candidates() -> None:
    assert list(PatternIndex(FILLER).candidates("x")) == [*range(16)]


def test_a_pattern_that_matches_nothing_is_never_a_candidate() -> None:
    nothing = compile_pattern(PatternType.SUFFIX, "@%localdomains%", Variables())
    assert list(PatternIndex([nothing, regex("abc"), *FILLER]).candidates("x@abc")) == [1]


def test_candidates_are_few_and_in_order() -> None:
    patterns = [
        None,
        *FILLER,
        regex(r"(.*)@(?:pod|site)7\.net"),
        compile_pattern(PatternType.EXACT, "bob@site7.net"),
        compile_pattern(PatternType.PREFIX, "bob"),
        compile_pattern(PatternType.SUFFIX, "@%localdomains%", Variables()),
        regex("[a-z]+@.*"),
    ]
    index = PatternIndex(patterns)
    first = 1 + len(FILLER)
    assert list(index.candidates("bob@site7.net")) == [0, first, first + 1, first + 2, first + 4]
    assert list(index.candidates("x@filler3.com")) == [0, 4, first + 4]
    assert list(index.candidates("")) == [0, first + 4]


def test_exact_patterns_are_found_by_their_text() -> None:
    patterns: list[Pattern | None] = [compile_pattern(PatternType.EXACT, f"user{number}") for number in range(20)]
    assert list(PatternIndex(patterns).candidates("user7")) == [7]
