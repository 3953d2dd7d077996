from __future__ import annotations

import pytest
from lark import UnexpectedInput

from dialplan.cases.grammar_parser import grammar, is_at_end


@pytest.mark.parametrize(("text", "ended"), [("never from zone", True), ("never blah", False)])
def test_a_text_that_ends_too_early(text: str, ended: bool) -> None:
    with pytest.raises(UnexpectedInput) as caught:
        grammar("claim").parse(text)
    assert is_at_end(caught.value) == ended
