"""Replace strings: ``\\1`` .. ``\\9`` stand for groups of the pattern, ``%variables%`` for their value."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dialplan.model import Variables
from dialplan.syntax import PatternError

from .variables import VARIABLE, check_name, check_single, single_value

MAX_LENGTH = 1024

_PART = re.compile(r"\\(?P<escaped>.?)|" + VARIABLE.pattern, re.ASCII | re.DOTALL)

Part = str | int
"""Text, or the number of a group."""


def check_replacement(text: str, groups: int | None) -> None:
    """Raises PatternError when a replace string is refused.

    ``groups``: the number of groups in the pattern; None when the pattern is no regex, so that there are none to name.
    """
    if len(text) > MAX_LENGTH:
        raise PatternError(MAX_LENGTH, f"a replace string of {len(text)} characters", f"{MAX_LENGTH} at most")
    for match in _PART.finditer(text):
        if match["escaped"] is None:
            check_name(match[2].lower(), match.start())
            check_single(match[2].lower(), match.start())
        else:
            _check_escape(match["escaped"], match.start(), groups)


def parse_replacement(text: str, groups: int | None, variables: Variables) -> tuple[Part, ...]:
    """Raises PatternError as ``check_replacement`` does, and when a variable has no value."""
    check_replacement(text, groups)
    parts: list[Part] = []
    position = 0
    for match in _PART.finditer(text):
        parts.append(text[position : match.start()])
        position = match.end()
        escaped = match["escaped"]
        if escaped is None:
            parts.append(single_value(match[2].lower(), match.start(), variables))
        else:
            parts.append(int(escaped) if escaped.isdigit() else escaped)
    parts.append(text[position:])
    return tuple(part for part in parts if part != "")


def join(parts: tuple[Part, ...], groups: Sequence[str]) -> str:
    """``groups``: the text of each group by its number."""
    return "".join([groups[part] if isinstance(part, int) else part for part in parts])


def _check_escape(escaped: str, at: int, groups: int | None) -> None:
    if escaped == "\\":
        return
    if groups is None:
        raise PatternError(
            at, "a backslash in a plain replace string", "groups need pattern type regex; \\\\ is a backslash"
        )
    if not escaped or escaped not in "123456789":
        raise PatternError(at, "an escape that a replace string lacks", "\\1 to \\9 are groups, \\\\ is a backslash")
    if int(escaped) > groups:
        count = "no group" if groups == 0 else "1 group" if groups == 1 else f"{groups} groups"
        raise PatternError(at, f"\\{escaped}, but the pattern has {count}", "put ( ) around what it stands for")
