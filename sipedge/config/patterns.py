"""Access rules' patterns, compiled with the dial plan's engine: one pattern language in all files."""

from __future__ import annotations

from dialplan.model import PatternType, Variables
from dialplan.pattern.pattern import compile_pattern
from dialplan.syntax import PatternError

from .reading.positions import Path
from .reading.reader import Reader
from .reading.schema import AccessRuleTable


class AccessPattern:
    """Whether a whole name matches, ignoring case. It can be packed: another process compiles it again."""

    def __init__(self, kind: PatternType, text: str, variables: Variables) -> None:
        """Raises PatternError when the pattern is refused."""
        self._made_of = kind, text, variables
        self._pattern = compile_pattern(kind, text, variables)

    def __call__(self, name: str) -> bool:
        return self._pattern.match(name) is not None

    def __reduce__(self) -> tuple[type[AccessPattern], tuple[PatternType, str, Variables]]:
        return AccessPattern, self._made_of


def access_pattern(reader: Reader, path: Path, table: AccessRuleTable, variables: Variables) -> AccessPattern | None:
    """None where the pattern is refused (and reported)."""
    try:
        return AccessPattern(table.pattern_type, table.pattern, variables)
    except PatternError as error:
        reader.problem(path, error.message, error.hint, within=(table.pattern, error.offset))
        return None
