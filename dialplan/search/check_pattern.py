"""One pattern tried on one alias, as on Expressway's page Maintenance > Tools > Check pattern."""

from __future__ import annotations

from typing import TypedDict

from dialplan.model import Behavior, PatternType, Transform, Variables
from dialplan.pattern.pattern import NO_VARIABLES
from dialplan.syntax import PatternError

from .compiled_rule import CompiledTransform


class PatternResult(TypedDict):
    """The answer of ``check_pattern``."""

    matched: bool
    alias: str | None
    """The changed alias; None when it does not match."""


def check_pattern(
    kind: PatternType,
    pattern: str,
    alias: str,
    behavior: Behavior = Behavior.LEAVE,
    replace: str = "",
    variables: Variables = NO_VARIABLES,
) -> PatternResult:
    """Raises PatternError when the pattern is refused, its subclass ReplaceError when the replace string is."""
    if behavior is Behavior.STRIP and kind not in (PatternType.PREFIX, PatternType.SUFFIX):
        raise PatternError(0, f"behavior strip with pattern type {kind.value}", "strip is for prefix and suffix")
    compiled = CompiledTransform(
        Transform(name="", pattern_type=kind, pattern=pattern, behavior=behavior, replace=replace), variables, None
    )
    match = compiled.pattern.match(alias)
    if match is None:
        return {"matched": False, "alias": None}
    return {"matched": True, "alias": compiled.rewrite(alias, match.folded)}
