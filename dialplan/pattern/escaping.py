"""Plain text as a regex."""

from __future__ import annotations

SPECIAL = frozenset("\\.^$*+?{}[]()|%")
"""What a regex takes for something else; ``%`` begins a variable."""


def escape(text: str, leave: str = "") -> str:
    """A regex that matches this text only. The special characters in ``leave`` keep their meaning."""
    return "".join(f"\\{char}" if char in SPECIAL and char not in leave else char for char in text)
