from __future__ import annotations

import pytest

from dialplan.cases.claims import pattern_of_glob
from dialplan.model import PatternType, Variables
from dialplan.pattern.pattern import compile_pattern


@pytest.mark.parametrize(
    ("glob", "yes", "no"),
    [
        ("*@a.example", ["bob@a.example", "@A.example"], ["bob@axexample", "bob@a.example;lr"]),
        ("bob+(x)|{1}?$^[]", ["bob+(x)|{1}?$^[]"], ["bob"]),
        ("*@%localdomains%", ["bob@own.example"], ["bob@%localdomains%"]),
        ("**", ["", "anything"], []),
    ],
)
def test_a_star_is_any_text_and_all_else_itself(glob: str, yes: list[str], no: list[str]) -> None:
    pattern = compile_pattern(PatternType.REGEX, pattern_of_glob(glob), Variables(domains=("own.example",)))
    assert [text for text in (*yes, *no) if pattern.match(text)] == yes
