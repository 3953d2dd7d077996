from __future__ import annotations

import pytest

from dialplan.model import Variables
from dialplan.pattern.replacement import check_replacement, join, parse_replacement
from dialplan.syntax import PatternError

OURS = Variables(domains=("uc.local",))


def test_parts() -> None:
    assert parse_replacement(r"\1@%localdomain1%\\\2", 2, OURS) == (1, "@", "uc.local", "\\", 2)
    assert parse_replacement("100%40x", None, OURS) == ("100%40x",)
    assert join(("a", 2, 1), ("all", "x", "y")) == "ayx"


@pytest.mark.parametrize(
    ("text", "groups", "offset"),
    [
        (r"a\2", 1, 1),
        (r"\0", 1, 0),
        (r"x\.com", 1, 1),
        ("x\\", 1, 1),
        (r"\1", None, 0),
        ("a%foo%", 1, 1),
        ("%localdomains%", 1, 0),
        ("x" * 1025, 1, 1024),
    ],
)
def test_refused(text: str, groups: int | None, offset: int) -> None:
    with pytest.raises(PatternError) as caught:
        check_replacement(text, groups)
    assert caught.value.offset == offset
    assert caught.value.hint
