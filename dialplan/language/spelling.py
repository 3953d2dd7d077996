"""The spelling of rules, cases and claims: texts in quotes, and words in which case and blanks do not count."""

from __future__ import annotations


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def unquoted(text: str) -> str:
    """``text``: with its quotes at both ends."""
    return text[1:-1].replace('""', '"')


def plain_words(text: str) -> str:
    """The words in lower case, one blank between them."""
    return " ".join(text.lower().split())


def control_character_at(text: str) -> int | None:
    """Offset of the first character that cannot be printed; None when there is none."""
    if text.isprintable():
        return None
    return next(offset for offset, character in enumerate(text) if not character.isprintable())
