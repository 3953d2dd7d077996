"""The walk through patterns without mistakes beside Lark's parser, which is its oracle."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplan.pattern import parser
from dialplan.syntax import PatternError

PIECES = st.lists(
    st.sampled_from(
        [
            *("alice", "a", "bob@", r"\.", r"\@", "example", "ß", "\n", "%", "%x", "%localdomain1%", "%ip%", "%no%"),
            *(".", ".*", ".+?", r"\d", r"\W{2}", "[a-z]", "[^@]+", "[]]", "[z-a]", "[", "]", r"\b", r"\B", r"\q", "\\"),
            *("^", "$", r"\A", r"\z", r"\Z", "*", "+", "?", "??", "*+", "{2}", "{3,1}", "{1,}", "{", "}", "{9999}"),
            *("(", "(?:", "(?i:", "(?-i:", "(?>", "(?=", "(?!", "(?<=", "(?<!", "(?<n>", "(?P<n>", "(?'n'", "(?"),
            *(")", ")", ")", ")*", "|", "|", "(?i)", "(?m-i)", "(?x)"),
        ]
    ),
    max_size=12,
)


@given(PIECES.map("".join) | st.text(r"ab.*+?()[]{}|\^$%1-:=!<>", max_size=12))
def test_a_pattern_has_the_tree_that_lark_gives_it(text: str) -> None:
    walked = parser._walk().tree(text)
    try:
        parsed = parser._parsed(text)
    except PatternError:
        assert walked is None
    else:
        assert repr(walked) == repr(parsed)  # offsets, too


@pytest.mark.parametrize("text", ["a)", "(a", "a**", "*a", "(?i)*", "%no%", "^*", "a{3,1}", "\\"])
def test_a_mistake_is_left_to_lark(text: str) -> None:
    assert parser._walk().tree(text) is None
    with pytest.raises(PatternError):
        parser.parse_pattern(text)
