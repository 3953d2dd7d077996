from __future__ import annotations

import pytest

from dialplan.model import Behavior, PatternType
from dialplan.search.check_pattern import check_pattern
from dialplan.search.compiled_rule import ReplaceError
from dialplan.syntax import PatternError


def test_verdicts() -> None:
    kind, pattern, alias = PatternType.REGEX, r"(.*)@old\.example", "Bob@OLD.example"
    assert check_pattern(kind, pattern, alias) == {"matched": True, "alias": alias}
    replaced = check_pattern(kind, pattern, alias, Behavior.REPLACE, r"\1@new")
    assert replaced == {"matched": True, "alias": "Bob@new"}
    assert check_pattern(kind, pattern, "x") == {"matched": False, "alias": None}
    assert check_pattern(PatternType.PREFIX, "9", "91", Behavior.STRIP) == {"matched": True, "alias": "1"}
    assert check_pattern(PatternType.EXACT, "9", "9", Behavior.ADD_SUFFIX, "@x") == {"matched": True, "alias": "9@x"}


def test_refused() -> None:
    with pytest.raises(PatternError):
        check_pattern(PatternType.REGEX, "(", "x")
    with pytest.raises(PatternError, match="strip"):
        check_pattern(PatternType.REGEX, "x", "x", Behavior.STRIP)
    with pytest.raises(ReplaceError):
        check_pattern(PatternType.REGEX, "x", "x", Behavior.REPLACE, r"\1")
