from __future__ import annotations

import pytest
import re2

from dialplan.model import Variables
from dialplan.pattern.expansion import expand
from dialplan.pattern.parser import parse_pattern
from dialplan.pattern.rendering import render
from dialplan.syntax import Variable


@pytest.mark.parametrize(
    ("pattern", "alias", "groups"),
    [
        (r"(a|b\.)+(?:c)?", "b.c", ("b.",)),
        (r"^([^@]*)@(.{2,3}?)$", "x@yy", ("x", "yy")),
        (r"%localdomains%", "", None),
    ],
)
def test_re2_reads_it_the_same(pattern: str, alias: str, groups: tuple[str, ...] | None) -> None:
    match = re2.fullmatch(render(expand(parse_pattern(pattern), Variables()), capture=True), alias)
    assert (match and match.groups()) == groups


def test_without_captures_there_are_none() -> None:
    assert re2.compile(render(parse_pattern("(a)(b)"))).groups == 0


def test_only_expanded_trees() -> None:
    with pytest.raises(TypeError):
        render(Variable("ip"))
