from __future__ import annotations

from dialplan.model import PatternType, Variables
from dialplan.pattern.pattern import Pattern, compile_pattern
from dialplan.search.index import MIN_PATTERNS, PatternIndex


def regex(text: str) -> Pattern:
    return compile_pattern(PatternType.REGEX, text)


FILLER: list[Pattern | None] = [regex(rf".*@filler{number}\.com") for number in range(MIN_PATTERNS)]


def test_few_patterns_are_all_candidates() -> None:
    assert list(PatternIndex([regex("a"), None]).candidates("x")) == [0, 1]


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


def test_without_needed_texts_there_is_no_automaton() -> None:
    patterns: list[Pattern | None] = [compile_pattern(PatternType.EXACT, f"user{number}") for number in range(20)]
    assert list(PatternIndex(patterns).candidates("user7")) == [7]
