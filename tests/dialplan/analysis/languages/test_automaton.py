from __future__ import annotations

import pytest

from dialplan.analysis.languages.alphabet import ASCII
from dialplan.analysis.languages.automaton import DEAD, FAR, FULL, Automaton, PatternAutomaton, split
from dialplan.analysis.languages.graph import Graph
from dialplan.analysis.languages.language import node_of
from dialplan.model import PatternType


def automaton(pattern: str) -> Automaton:
    return PatternAutomaton(Graph(node_of(PatternType.REGEX, pattern), ASCII))


def test_dead_and_full_are_known() -> None:
    found = automaton(r"a.*")
    assert found.after(found.start, "a") == FULL
    assert found.after(found.start, "b") == found.after(found.start, "\t") == DEAD
    assert automaton("a$b").start == 2 and not automaton("a$b").accepts("ab")


@pytest.mark.parametrize("pattern", ["a.*b", "[^@]*@x", "(a|b)*c?"])
def test_edges_are_the_whole_alphabet_once(pattern: str) -> None:
    found = automaton(pattern)
    for state in (found.start, found.after(found.start, "a")):
        masks = [mask for mask, _ in found.edges(state)]
        assert sum(masks) == ASCII.everything
        assert len({after for _, after in found.edges(state)}) == len(masks)


def test_distances() -> None:
    found = automaton("abc|x")
    distances = found.distances
    assert distances is not None
    assert [distances[found.after(found.start, text)] for text in ("", "a", "ab", "abc", "b")] == [1, 2, 1, 0, FAR]
    assert automaton(".*a" + "." * 12).distances is None


def test_beginning() -> None:
    assert automaton(r"alice\d.*").beginning() == "alice"
    assert automaton("(ab|ac)x").beginning() == "a"
    assert automaton("abc").beginning() == "abc"
    assert automaton(".*").beginning() == automaton("a$b").beginning() == ""


def test_split() -> None:
    assert sorted(split(0b1111, [(0b0011, 1), (0b0110, 2)])) == [(0b0001, 1), (0b0010, 3), (0b0100, 2), (0b1000, 0)]
