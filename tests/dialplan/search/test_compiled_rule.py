from __future__ import annotations

import pytest

from dialplan.model import Behavior, Mode, PatternType, SearchRule, Transform, Variables
from dialplan.search.compiled_rule import CompiledRule, CompiledTransform, ReplaceError
from dialplan.syntax import PatternError

NONE = Variables()


def test_a_pattern_that_is_not_looked_at_is_not_compiled() -> None:
    rule = CompiledRule(SearchRule(name="r", pattern="(", pattern_type=PatternType.REGEX), NONE, None)
    assert rule.pattern is None and rule.rewrite is None


def test_leave_needs_no_rewriting() -> None:
    rule = SearchRule(name="r", mode=Mode.ALIAS_PATTERN_MATCH, pattern="9", behavior=Behavior.LEAVE)
    assert CompiledRule(rule, NONE, None).rewrite is None


def test_whose_mistake() -> None:
    transform = Transform(name="t", pattern_type=PatternType.REGEX, pattern="(", behavior=Behavior.REPLACE)
    with pytest.raises(PatternError) as caught:
        CompiledTransform(transform, NONE, None)
    assert not isinstance(caught.value, ReplaceError)
    transform = Transform(name="t", pattern="9", behavior=Behavior.REPLACE, replace="%systemname%")
    with pytest.raises(ReplaceError):
        CompiledTransform(transform, NONE, None)
