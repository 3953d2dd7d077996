from __future__ import annotations

import pytest

from dialplan.analysis.languages import product
from dialplan.analysis.languages.alphabet import ASCII
from dialplan.analysis.languages.automaton import NotProved, PatternAutomaton
from dialplan.analysis.languages.graph import Graph
from dialplan.analysis.languages.language import node_of
from dialplan.model import PatternType


def automata(*patterns: str) -> tuple[PatternAutomaton, ...]:
    return tuple(PatternAutomaton(Graph(node_of(PatternType.REGEX, pattern), ASCII)) for pattern in patterns)


@pytest.mark.parametrize(
    ("inside", "outside", "word"),
    [
        ([".*ab", "c.*"], [], "cab"),
        ([".*"], [], ""),
        ([".+"], [], "a"),
        ([".+"], ["a"], "b"),
        (["a*"], ["a?", "aaa*"], None),
        (["(ab)*", "(aba)*"], [""], None),
        (["(ab)+", ".{5,}"], [], "ababab"),
        ([], [".*a.*", ""], "b"),
        (["a$b"], [], None),
        (["a"], [".*"], None),
    ],
)
def test_first_and_shortest(inside: list[str], outside: list[str], word: str | None) -> None:
    found = product.first(ASCII, automata(*inside), automata(*outside))
    assert found == word
    other = product.shortest(ASCII, automata(*inside), automata(*outside))
    assert (other is None, len(other or "")) == (word is None, len(word or ""))


def test_a_limit_instead_of_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(product, "MAX_STEPS", 20)
    for search in (product.first, product.shortest):
        with pytest.raises(NotProved):
            search(ASCII, automata(".*a......", ".*b......."), automata(".*c..."))
