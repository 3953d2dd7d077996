from __future__ import annotations

import pytest

from dialplan.analysis.languages.alphabet import ASCII
from dialplan.analysis.languages.graph import Graph
from dialplan.analysis.languages.language import node_of
from dialplan.analysis.languages.look_automaton import LookAutomaton
from dialplan.model import PatternType


@pytest.mark.parametrize(
    ("pattern", "inside", "beside"),
    [
        (r"(?!alice).*", ["bob", "alic", ""], ["alice", "alicex"]),
        (r".*(?<!net)", ["com", "nets"], ["net", "a.net"]),
        (r".*@(?!uc\.local).*", ["a@b", "a@uc.x"], ["a@uc.local", "@uc.localx"]),
        (r".*(?<=a)@.*", ["a@", "ba@x"], ["b@", "@"]),
        (r"(?=.*b)(?!.*c).*", ["ab", "b"], ["a", "bc", "cb"]),
        (r"(?!.*@x$).*", ["a@xy", ""], ["a@x"]),
        (r"(?<!a)b", ["b"], ["ab"]),
        (r"((?!b).)*", ["aa", ""], ["ab", "b"]),
        (r".*@a\b.*", ["x@a", "x@a:5061", "@a-b"], ["x@ab", "@a_", "@a9"]),
    ],
)
def test_look_arounds(pattern: str, inside: list[str], beside: list[str]) -> None:
    found = LookAutomaton(Graph(node_of(PatternType.REGEX, pattern), ASCII))
    assert [alias for alias in inside + beside if found.accepts(alias)] == inside
