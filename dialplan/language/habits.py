"""What people write who come from other languages: told as what it is, not as an unknown field or value."""

from __future__ import annotations

import re

from .fields import ALL_NAMES, field_named

QUOTES = "“”„‟«»‘’‚"
NO_COMMENT = ("// begins no comment", "# begins a comment, which runs to the end of the line")
NO_REJECT = "there is no reject: let a rule that says stop match, and replace the alias with one that nobody has"

Told = tuple[str, str, int]
"""(message, hint, offset in the text)."""


def habit(text: str) -> Told | None:
    """``text``: the rest of a line that is no field and begins no block. None: nothing of the kind."""
    if text.startswith(("//", "/*", ";")):
        sign = "//" if text[0] == "/" else ";"
        return f"{sign} begins no comment", NO_COMMENT[1], 0
    if re.match(r",\s*zone\b", text, re.IGNORECASE):
        return "a second zone", "a rule has one source and one target; write a second rule for the other zone", 0
    if text.startswith(","):
        return "a comma", "write one field on each line, without commas", 0
    assigned = re.match(r"([A-Za-z ]+?)\s*([=:])", text)
    if assigned and field_named(assigned[1]) == assigned[1].lower():
        sign = assigned[2]
        return f"a {sign} between a field and its value", f"leave the {sign} out", assigned.start(2)
    curly = next((at for at, character in enumerate(text) if character in QUOTES), None)
    before = text[:curly] if curly is not None else ""
    if curly is not None and '"' not in before:
        return f"a typographic quote {text[curly]}", 'write straight quotes: "..."', curly
    single = re.match(r"[A-Za-z ]+ (')[^\"]*$", text)
    if single:
        return "text in single quotes", 'write double quotes: "..."', single.start(1)
    return None


def habit_in_value(name: str, value: str) -> Told | None:
    """``value``: what stands behind a field of words, as it is written; it is none of the field's values."""
    if value[:1] in ("=", ":"):
        return f"a {value[0]} between a field and its value", f"leave the {value[0]} out", 0
    comment = value.find("//")
    if comment >= 0:
        return *NO_COMMENT, comment
    for other in ALL_NAMES:
        words = other.replace(" ", r"\s+")
        second = re.search(rf"[\s,;]{words}\s", value + " ", re.IGNORECASE)
        if second:
            return f"{other} on the same line", "write one field on each line", second.start() + 1
    if value.endswith((",", ";")):
        return f"a {value[-1]} behind the value", "leave it out: each field ends with its line", len(value) - 1
    if name == "target" and value.lower() == "reject":
        return '"reject" is not a target', NO_REJECT, 0
    return None
