"""Texts as patterns."""

from __future__ import annotations

SPECIAL = frozenset("\\.^$*+?{}[]()|%")


def escaped_pattern(text: str) -> str:
    """A regex of the dial plan that matches this text only."""
    return "".join(f"\\{character}" if character in SPECIAL else character for character in text)
