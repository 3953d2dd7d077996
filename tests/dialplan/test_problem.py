from __future__ import annotations

import pytest

from dialplan.model import Location
from dialplan.problem import DialplanError, Problem, listing, suggestion


def test_text() -> None:
    problem = Problem(Location("f", 2, 3), "no", "yes", "ab\tcd")
    assert str(problem) == "f:2:3: no\n    ab cd\n      ^\n    yes"
    assert str(Problem(Location("f", 1, 1), "no")) == "f:1:1: no"


def test_a_long_line_is_cut_around_the_mistake() -> None:
    first, excerpt, caret = str(Problem(Location("f", 1, 501), "no", "", "a" * 500 + "X" + "b" * 500)).split("\n")
    assert len(excerpt) == 4 + 120
    assert excerpt[caret.index("^")] == "X"


def test_an_error_is_in_the_order_of_the_file() -> None:
    error = DialplanError([Problem(Location("f", 2, 1), "b"), Problem(Location("f", 1, 9), "a")])
    assert [one.message for one in error.problems] == ["a", "b"]
    assert str(error) == "f:1:9: a\nf:2:1: b"


@pytest.mark.parametrize(
    ("word", "expected"),
    [("traversal clint", 'did you mean "Traversal client"?'), ("DNS", 'did you mean "dns"?'), ("xyz", "")],
)
def test_suggestion(word: str, expected: str) -> None:
    assert suggestion(word, ["Traversal client", "dns"]) == expected


def test_listing() -> None:
    assert (listing(["a"]), listing(["a", "b"]), listing(["a", "b", "c"])) == ("a", "a or b", "a, b or c")
