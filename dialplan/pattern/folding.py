"""Aliases and patterns are compared in lower case. Only A-Z is folded, so lengths and offsets stay."""

from __future__ import annotations

import re
from collections.abc import Callable

MAX_ALIAS_LENGTH = 65_536
"""A longer alias matches nothing."""

REPLACEMENT = "\ufffd"
FIRST_MARK = 0x10FFC0
LAST_MARK = 0x10FFFF
"""Code points kept for the marks of look-arounds (``look.py``); in an alias they count as U+FFFD."""

Test = Callable[[str], bool]
"""Whether a folded alias matches."""

_FOREIGN = re.compile(f"[\ud800-\udfff{chr(FIRST_MARK)}-{chr(LAST_MARK)}]")
_LOWER = {upper: upper + 0x20 for upper in range(0x41, 0x5B)}


def fold(alias: str) -> str:
    """The alias as patterns are tested against it. A character that UTF-8 text cannot hold becomes U+FFFD."""
    if alias.isascii():
        return alias.lower()
    return _FOREIGN.sub(REPLACEMENT, alias).translate(_LOWER)
