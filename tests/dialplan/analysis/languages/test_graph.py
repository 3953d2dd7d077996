from __future__ import annotations

from dialplan.analysis.languages.alphabet import ASCII
from dialplan.analysis.languages.graph import ACCEPT, Graph
from dialplan.analysis.languages.language import node_of
from dialplan.model import PatternType


def graph(pattern: str) -> Graph:
    return Graph(node_of(PatternType.REGEX, pattern), ASCII)


def read(made: Graph, step: int, at_start: bool = True) -> list[str]:
    """The characters that may come next, '' for the end."""
    return sorted(
        "" if number == ACCEPT else ASCII.character(made.steps[number].mask) for number, _ in made.paths(step, at_start)
    )


def preferred(pattern: str) -> list[tuple[str, tuple[int, ...]]]:
    made = graph(pattern)
    return [
        ("" if number == ACCEPT else ASCII.character(made.steps[number].mask), groups)
        for number, groups in made.preferred(made.start, True)
    ]


def test_choices() -> None:
    made = graph("a*(b|c)?")
    assert read(made, made.start) == ["", "a", "b", "c"]


def test_anchors() -> None:
    for pattern, first in [("^a", ["a"]), ("a^b", ["a"]), ("$a", []), ("a*$", ["", "a"]), ("(^|b)a", ["a", "b"])]:
        made = graph(pattern)
        assert read(made, made.start) == first, pattern
    made = graph("^a")
    assert read(made, made.start, at_start=False) == []


def test_look_arounds_on_the_way() -> None:
    made = graph("(?!a)(b|(?=c)c)")
    assert {ASCII.character(made.steps[number].mask): len(looks) for number, looks in made.paths(made.start, True)} == {
        "b": 1,
        "c": 2,
    }


def test_order_of_preference_and_groups() -> None:
    assert preferred("(a*)(b)?") == [("a", (1,)), ("b", (1, -1, 2)), ("", (1, -1))]
    assert preferred("(a*?)b") == [("b", (1, -1)), ("a", (1,))]
    assert preferred("(?:a|ab)") == [("a", ()), ("a", ())]
