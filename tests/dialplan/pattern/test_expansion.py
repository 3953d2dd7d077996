from __future__ import annotations

from dialplan.model import Variables
from dialplan.pattern.expansion import expand
from dialplan.pattern.parser import parse_pattern
from dialplan.syntax import Alternation, CharacterSet, Group, Literal


def test_variables_become_groups_of_plain_text() -> None:
    node = expand(parse_pattern("%localdomains%"), Variables(domains=("A.b", "c*")))
    assert node == Group(Alternation((Literal("a.b"), Literal("c*"))))
    assert expand(parse_pattern("%localdomains%"), Variables()) == Group(Alternation(()))


def test_everything_is_folded() -> None:
    assert expand(parse_pattern("(AB)"), Variables()) == expand(parse_pattern("(ab)"), Variables())
    node = expand(parse_pattern("[^B]"), Variables())
    assert isinstance(node, CharacterSet) and not node.negated
