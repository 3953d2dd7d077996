from __future__ import annotations

import pytest

from dialplan.pattern.parser import parse_pattern
from dialplan.syntax import PatternError, Variable, group_count, groups_in_looks, has_look, width


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("", 0),
        ("ab.", 3),
        (r"(a|b)\d{3}", 4),
        ("a?", None),
        ("a|bc", None),
        ("^a(?!b)$", 1),
        ("(?:^)*", 0),
        (".*", None),
    ],
)
def test_width(pattern: str, expected: int | None) -> None:
    assert width(parse_pattern(pattern)) == expected


def test_a_variable_has_no_width() -> None:
    with pytest.raises(TypeError):
        width(Variable("ip"))


def test_groups() -> None:
    node = parse_pattern("(a)(?!(b))(?:c(d))")
    assert (group_count(node), groups_in_looks(node), has_look(node)) == (3, frozenset({2}), True)
    assert not has_look(parse_pattern("(a)"))


def test_places_are_no_part_of_a_comparison() -> None:
    assert parse_pattern("(ab)c") != parse_pattern("(ab)")
    assert Variable("ip", 3) == Variable("ip", 4)


def test_an_error_says_where() -> None:
    assert str(PatternError(2, "no", "yes")) == "column 3: no (yes)"
