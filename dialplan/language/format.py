"""Canonical layout of a dial plan: one field to a line, in the order of Expressway's pages, comments kept."""

from __future__ import annotations

from enum import Enum
from typing import Any

from dialplan.model import BlockKind, Entry, SearchRule, SourceMode, Transform

from .fields import FIELD_NAMES, SPELLINGS, WORDS_FIELDS, WordsField, field_named, value_offset
from .layout import INDENT, FieldText, Lexeme, lay_out
from .parser import lexemes, parse_dialplan
from .spelling import plain_words, quoted

DEFAULTS: dict[BlockKind, Entry] = {
    BlockKind.TRANSFORM: Transform(name=""),
    BlockKind.SEARCH_RULE: SearchRule(name=""),
}


def format_dialplan(text: str, file: str) -> str:
    """The same plan in canonical layout; formatting the result changes nothing.

    Raises DialplanError when the text has mistakes.
    """
    parse_dialplan(text, file)
    return lay_out(text, lexemes(text), _canonical)


def write_entry(entry: Entry) -> str:
    """One transform or search rule as text.

    Fields at their default are left out, except priority and, with a pattern, mode, pattern type and behaviour.
    """
    fields = [written for name in FIELD_NAMES[entry.kind] if (written := needed_field(name, entry))]
    return "".join([f"{entry.kind.value} {quoted(entry.name)} {{\n", *(f"{INDENT}{line}\n" for line in fields), "}\n"])


def needed_field(name: str, entry: Entry) -> str:
    """One field as text; '' when it need not be written."""
    value = getattr(entry, _attribute(entry.kind, name))
    needed = name in ("priority", "target") or (name in ("pattern type", "behavior") and entry.uses_pattern)
    needed = needed or (name == "mode" and bool(entry.pattern))
    is_default = value == getattr(DEFAULTS[entry.kind], _attribute(entry.kind, name))
    return "" if is_default and not needed else field_text(name, entry)


def field_text(name: str, entry: Entry) -> str:
    """One field as text, also at its default."""
    if name == "target" or (name == "source" and isinstance(entry, SearchRule) and entry.source is SourceMode.NAMED):
        zone = getattr(entry, "target" if name == "target" else "source_name")
        return f"{name} zone {quoted(zone)}"
    value = getattr(entry, _attribute(entry.kind, name))
    return f"{name} {word_of(entry.kind, name, value) if name in WORDS_FIELDS[entry.kind] else quoted(value)}"


def field_in(text: str) -> str:
    """The name of the field that a text begins with, in the one spelling; '' where it begins with none."""
    spelled = field_named(text) or ""
    return SPELLINGS.get(spelled, spelled)


def word_of(kind: BlockKind, name: str, value: Any) -> str:
    """The word for a value of a field of words: "disabled" for ``False`` of "state"."""
    field = WORDS_FIELDS[kind][name]
    if isinstance(field, WordsField):
        return next((word for word, meaning in field.words.items() if meaning == value), str(value))
    return str(value.value if isinstance(value, Enum) else value)


def _canonical(block: str, lexeme: Lexeme) -> FieldText:
    kind = BlockKind(block)
    text = lexeme.text.strip()
    name = field_in(text)
    rank = FIELD_NAMES[kind].index(name)
    if lexeme.kind == "WORDS_FIELD":
        words = plain_words(text[value_offset(text, name) :])
        return FieldText(f"{name} {word_of(kind, name, WORDS_FIELDS[kind][name].value(words))}", rank)
    between = " zone " if lexeme.kind == "ZONE_FIELD" else " "
    return FieldText(name + between + text[text.index('"') :], rank)


def _attribute(kind: BlockKind, name: str) -> str:
    field = WORDS_FIELDS[kind].get(name)
    return field.attribute if field else name
