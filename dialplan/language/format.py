"""Canonical layout of a dial plan: one field to a line, in the order of Expressway's pages, comments kept."""

from __future__ import annotations

from enum import Enum
from typing import Any

from dialplan.model import Mode, SearchRule, SourceMode, Transform

from .fields import FIELD_NAMES, SPELLINGS, WORDS_FIELDS, BlockKind, WordsField, field_named, value_offset
from .layout import INDENT, FieldText, Lexeme, lay_out
from .parser import lexemes, parse_dialplan

DEFAULTS: dict[BlockKind, SearchRule | Transform] = {
    BlockKind.TRANSFORM: Transform(name=""),
    BlockKind.SEARCH_RULE: SearchRule(name=""),
}


def format_dialplan(text: str, file: str) -> str:
    """The same plan laid out anew; formatting the result changes nothing. Raise DialplanError for a text with
    mistakes."""
    parse_dialplan(text, file)
    return lay_out(text, lexemes(text), _canonical)


def write_entry(entry: SearchRule | Transform) -> str:
    """One transform or search rule as text. Fields at their default are left out, but not those of its kind of match:
    mode, pattern type and behaviour are said wherever a pattern is."""
    kind = BlockKind.TRANSFORM if isinstance(entry, Transform) else BlockKind.SEARCH_RULE
    fields = [written for name in FIELD_NAMES[kind] if (written := _field(kind, name, entry))]
    return "".join([f"{kind.value} {quoted(entry.name)} {{\n", *(f"{INDENT}{one}\n" for one in fields), "}\n"])


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def word_of(kind: BlockKind, name: str, value: Any) -> str:
    """How a value of a field of words is written: ``False`` of "state" is "disabled"."""
    field = WORDS_FIELDS[kind][name]
    if isinstance(field, WordsField):
        return next((word for word, meaning in field.words.items() if meaning == value), str(value))
    return str(value.value if isinstance(value, Enum) else value)


def _canonical(block: str, lexeme: Lexeme) -> FieldText:
    kind = BlockKind(block)
    text = lexeme.text.strip()
    spelled = field_named(text) or ""
    name = SPELLINGS.get(spelled, spelled)
    rank = FIELD_NAMES[kind].index(name)
    if lexeme.kind == "WORDS_FIELD":
        words = " ".join(text[value_offset(text, spelled) :].lower().split())
        return FieldText(f"{name} {word_of(kind, name, WORDS_FIELDS[kind][name].value(words))}", rank)
    between = " zone " if lexeme.kind == "ZONE_FIELD" else " "
    return FieldText(name + between + text[text.index('"') :], rank)


def _field(kind: BlockKind, name: str, entry: SearchRule | Transform) -> str:
    """'' for a field that need not be written."""
    if name == "target" or (name == "source" and isinstance(entry, SearchRule) and entry.source is SourceMode.NAMED):
        zone = getattr(entry, "target" if name == "target" else "source_name")
        return f"{name} zone {quoted(zone)}"
    field = WORDS_FIELDS[kind].get(name)
    attribute = field.attribute if field else name
    value = getattr(entry, attribute)
    matching = isinstance(entry, Transform) or entry.mode is Mode.ALIAS_PATTERN_MATCH
    needed = name == "priority" or (name in ("pattern type", "behavior") and matching)
    needed = needed or (name == "mode" and bool(entry.pattern))
    if value == getattr(DEFAULTS[kind], attribute) and not needed:
        return ""
    return f"{name} {word_of(kind, name, value) if field else quoted(value)}"
