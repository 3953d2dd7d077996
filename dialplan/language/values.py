"""A transform or search rule as the values of a form, in the words of the language, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dialplan.model import BlockKind, Entry, Location, SearchRule, SourceMode, Transform

from .fields import FIELD_NAMES, TEXT_FIELDS, WORDS_FIELDS, FieldError, WordsField
from .format import field_text, word_of
from .layout import INDENT
from .spelling import control_character_at, plain_words, quoted, unquoted

NAME = "name"
"""Of an entry: what a form has beside the fields of its block."""
_ZONE = re.compile(r'zone ("(?:[^"]|"")*")')


@dataclass(frozen=True, slots=True)
class Mistake:
    """A value that cannot be. ``field``: as in FIELD_NAMES, or NAME; '' where it is about several."""

    field: str
    message: str
    hint: str


def values_of(entry: Entry) -> dict[str, str]:
    """Field -> its value: a word, the text without its quotes, the name of a zone; of a source ``zone "its name"``."""
    return {NAME: entry.name} | {name: _value_of(entry, name) for name in FIELD_NAMES[entry.kind]}


def entry_of(kind: BlockKind, values: Mapping[str, str]) -> tuple[Entry, list[Mistake]]:
    """As ``values_of`` gives them; what is missing has its default, and so has a value that is a mistake.

    Told here is what could not even be written. The rest is told about the text of ``every_field``.
    """
    attributes: dict[str, Any] = {}
    mistakes = []
    for name in (NAME, *FIELD_NAMES[kind]):
        if name in values:
            try:
                attributes |= _attributes(kind, name, values[name])
            except FieldError as error:
                mistakes.append(Mistake(name, error.message, error.hint))
    made = {"name": "", **attributes}
    return (Transform(**made) if kind is BlockKind.TRANSFORM else SearchRule(**made)), mistakes


def words_for(kind: BlockKind, name: str) -> list[str]:
    """What a field of words may be; none for other fields. Zones are the caller's."""
    field = WORDS_FIELDS[kind].get(name)
    return list(field.words) if isinstance(field, WordsField) else []


def every_field(entry: Entry) -> str:
    """As text with all fields, each in a line of its own, so that what is told about it has a field (``field_at``)."""
    fields = [f"{INDENT}{field_text(name, entry)}\n" for name in FIELD_NAMES[entry.kind]]
    return "".join([f"{entry.kind.value} {quoted(entry.name)} {{\n", *fields, "}\n"])


def field_at(kind: BlockKind, location: Location) -> str:
    """``location``: in what ``every_field`` gives. '' for the entry as a whole."""
    names = (NAME if location.column > 1 else "", *FIELD_NAMES[kind])
    return names[location.line - 1] if 0 < location.line <= len(names) else ""


def _value_of(entry: Entry, name: str) -> str:
    if name in TEXT_FIELDS or name == "target":
        return str(getattr(entry, name))
    if name == "source" and isinstance(entry, SearchRule) and entry.source is SourceMode.NAMED:
        return f"zone {quoted(entry.source_name)}"
    field = WORDS_FIELDS[entry.kind][name]
    return word_of(entry.kind, name, getattr(entry, field.attribute))


def _attributes(kind: BlockKind, name: str, value: str) -> dict[str, Any]:
    """Raises FieldError."""
    if name in (*TEXT_FIELDS, NAME, "target"):
        return {name: _printable(value)}
    if name == "source" and (zone := _ZONE.fullmatch(_printable(value))):
        return {"source": SourceMode.NAMED, "source_name": unquoted(zone[1])}
    field = WORDS_FIELDS[kind][name]
    return {field.attribute: field.value(plain_words(value))}


def _printable(value: str) -> str:
    """Raises FieldError."""
    at = control_character_at(value)
    if at is not None:
        raise FieldError(f"character {at + 1} is a control character", "leave it out")
    return value
