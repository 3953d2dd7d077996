from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from dialplan.pattern.folding import fold


def test_only_ascii_is_folded() -> None:
    assert fold("ABC\u00c9\u0130\u212a@Z") == "abc\u00c9\u0130\u212a@z"
    assert fold("a\ud800b\U0010ffc0") == "a\ufffdb\ufffd"


@examples(100)
@given(st.text(st.characters(), max_size=20))
def test_length_stays_and_the_result_is_utf8(alias: str) -> None:
    folded = fold(alias)
    assert len(folded) == len(alias)
    folded.encode()
