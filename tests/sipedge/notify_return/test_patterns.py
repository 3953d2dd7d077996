from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dialplan.model import PatternType
from dialplan.pattern.pattern import compile_pattern
from sipedge.notify_return.patterns import escaped_pattern


@given(st.text(st.characters(codec="ascii", exclude_categories=("Cc",))))
def test_a_text_matches_itself_only(text: str) -> None:
    pattern = compile_pattern(PatternType.REGEX, escaped_pattern(text))
    assert pattern.match(text) is not None
    assert pattern.match(text + "x") is None
