"""Text of strangers made fit for one line of a log, a report or a terminal."""

from __future__ import annotations

LONGEST = 8192
"""Characters of one text that are shown."""


def escaped(text: str) -> str:
    """One printable line: every control, format or surrogate character as its escape, over-long text cut."""
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}... ({len(text)} characters)"
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
