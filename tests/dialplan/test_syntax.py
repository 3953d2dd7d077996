from __future__ import annotations

import pytest

from dialplan.pattern.parser import parse_pattern
from dialplan.syntax import (
    AnyCharacter,
    Literal,
    Node,
    PatternError,
    Variable,
    flattened,
    group_count,
    groups_in_looks,
    has_look,
    width,
    with_children,
)


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


def test_every_child_is_changed_and_a_leaf_stays() -> None:
    def louder(node: Node) -> Node:
        return Literal(node.text.upper()) if isinstance(node, Literal) else with_children(node, louder)

    assert louder(parse_pattern("(a|b.)c*(?!d)")) == parse_pattern("(A|B.)C*(?!D)")
    assert with_children(Variable("ip"), louder) == Variable("ip")


def test_groups_dissolve_but_not_around_alternatives() -> None:
    assert flattened(parse_pattern("a(b(.))")) == [Literal("a"), Literal("b"), AnyCharacter()]
    choice, end = flattened(parse_pattern("(a|b)c"))
    assert (choice, end) == (parse_pattern("(a|b)"), Literal("c"))


def test_places_are_no_part_of_a_comparison() -> None:
    assert parse_pattern("(ab)c") != parse_pattern("(ab)")
    assert Variable("ip", 3) == Variable("ip", 4)


def test_an_error_says_where() -> None:
    assert str(PatternError(2, "no", "yes")) == "column 3: no (yes)"
