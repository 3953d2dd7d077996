from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dialplan.model import PatternType
from dialplan.pattern.escaping import escape
from dialplan.pattern.pattern import compile_pattern


@given(st.text(st.characters(codec="ascii", exclude_categories=("Cc",))))
def test_a_text_matches_itself_only(text: str) -> None:
    pattern = compile_pattern(PatternType.REGEX, escape(text))
    assert pattern.match(text) is not None
    assert pattern.match(text + "x") is None


def test_what_is_left_keeps_its_meaning() -> None:
    assert escape("*@%localdomains%.x", leave="*%") == r"*@%localdomains%\.x"
