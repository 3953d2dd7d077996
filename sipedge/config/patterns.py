"""Access rules' patterns, compiled with the dial plan's engine: one pattern language in all files."""

from __future__ import annotations

from typing import Any

from dialplan.model import PatternType, Variables
from dialplan.pattern.pattern import compile_pattern
from dialplan.syntax import PatternError

from .positions import Path
from .reader import Reader
from .schema import AccessRuleTable


class NamePattern:
    """Whether a whole name matches, ignoring case. It can be pickled: the supervisor keeps what is in force."""

    def __init__(self, kind: PatternType, pattern: str, variables: Variables) -> None:
        """Raises PatternError."""
        self._made_of = kind, pattern, variables
        self._pattern = compile_pattern(kind, pattern, variables)

    def __call__(self, name: str) -> bool:
        return self._pattern.match(name) is not None

    def __reduce__(self) -> tuple[Any, ...]:
        return NamePattern, self._made_of


def access_pattern(reader: Reader, path: Path, table: AccessRuleTable, variables: Variables) -> NamePattern | None:
    """None where the pattern is refused (and reported)."""
    try:
        return NamePattern(table.pattern_type, table.pattern, variables)
    except PatternError as error:
        reader.problem(path, error.message, error.hint, within=(table.pattern, error.offset))
        return None
