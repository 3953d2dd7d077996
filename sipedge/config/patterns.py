"""Access rules' patterns, compiled with the dial plan's engine: one pattern language in all files."""

from __future__ import annotations

from collections.abc import Callable

from dialplan.model import Variables
from dialplan.pattern.pattern import compile_pattern
from dialplan.syntax import PatternError

from .positions import Path
from .reader import Reader
from .schema import AccessRuleTable


def access_pattern(
    reader: Reader, path: Path, table: AccessRuleTable, variables: Variables
) -> Callable[[str], bool] | None:
    """Whether a whole name matches, ignoring case; None where the pattern is refused (and reported)."""
    try:
        pattern = compile_pattern(table.pattern_type, table.pattern, variables)
    except PatternError as error:
        reader.problem(path, error.message, error.hint, within=(table.pattern, error.offset))
        return None
    return lambda name: pattern.match(name) is not None
