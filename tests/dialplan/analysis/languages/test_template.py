from __future__ import annotations

import pytest

from dialplan.analysis.languages.language import Language, node_of
from dialplan.analysis.languages.template import BeforeTemplate
from dialplan.model import PatternType


@pytest.mark.parametrize(
    ("pattern", "parts", "wanted", "inside", "beside"),
    [
        (r"(.*)@old", (1, "@new"), r".*@new", ["a@old", "@old"], ["a@new", "a@olds"]),
        (r"(.*)@(.*)", (1,), "a", ["a@b"], ["a@b@c", "b@a"]),
        (r"(.*?)@(.*)", (1,), "a", ["a@b", "a@b@c"], ["b@a"]),
        (r"(.*)@(.*)", (2,), "c", ["a@c", "a@b@c"], ["a@b"]),
        (r"(.).*_(.).*", (1, 2), "ab", ["a_b", "ax_by"], ["b_a", "a_x_c"]),
        (r"(a)?b(c)?", (1, "-", 2), "-c", ["bc"], ["abc", "b"]),
        (r"(a|ab)(b?)c", (1, "|", 2), "a\\|b", ["abc"], ["ac"]),
    ],
)
def test_the_match_that_is_preferred_counts(
    pattern: str, parts: tuple[str | int, ...], wanted: str, inside: list[str], beside: list[str]
) -> None:
    (clause,) = Language.of(PatternType.REGEX, wanted).clauses
    (inner,) = clause.inside
    found = BeforeTemplate(inner, node_of(PatternType.REGEX, pattern), parts)
    assert [alias for alias in inside + beside if found.accepts(alias)] == inside
