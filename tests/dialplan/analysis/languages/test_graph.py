from __future__ import annotations

from dialplan.analysis.languages.alphabet import ASCII
from dialplan.analysis.languages.graph import ACCEPT, BEGIN, Bracket, Graph
from dialplan.analysis.languages.language import node_of
from dialplan.model import PatternType


def graph(pattern: str) -> Graph:
    return Graph(node_of(PatternType.REGEX, pattern), ASCII)


def read(made: Graph, reader: int = BEGIN) -> list[str]:
    """The characters that may come next, '' for the end."""
    return sorted(
        "" if number == ACCEPT else ASCII.character(made.steps[number].mask) for number, _ in made.paths(reader)
    )


def preferred(pattern: str) -> list[tuple[str, tuple[Bracket, ...]]]:
    made = graph(pattern)
    return [
        ("" if number == ACCEPT else ASCII.character(made.steps[number].mask), brackets)
        for number, brackets in made.preferred(BEGIN)
    ]


def test_choices() -> None:
    made = graph("a*(b|c)?")
    assert read(made) == ["", "a", "b", "c"]


def test_anchors() -> None:
    for pattern, first in [("^a", ["a"]), ("a^b", ["a"]), ("$a", []), ("a*$", ["", "a"]), ("(^|b)a", ["a", "b"])]:
        made = graph(pattern)
        assert read(made) == first, pattern
    made = graph("a^b")
    ((reader, _),) = made.paths(BEGIN)
    assert read(made, reader) == []


def test_look_arounds_on_the_way() -> None:
    made = graph("(?!a)(b|(?=c)c)")
    assert {ASCII.character(made.steps[number].mask): len(looks) for number, looks in made.paths(BEGIN)} == {
        "b": 1,
        "c": 2,
    }


def test_order_of_preference_and_groups() -> None:
    opened, closed, second = Bracket(1, True), Bracket(1, False), Bracket(2, True)
    assert preferred("(a*)(b)?") == [("a", (opened,)), ("b", (opened, closed, second)), ("", (opened, closed))]
    assert preferred("(a*?)b") == [("b", (opened, closed)), ("a", (opened,))]
    assert preferred("(?:a|ab)") == [("a", ()), ("a", ())]
