"""The blocks of a parsed file -> transforms and search rules, every value checked, every mistake noted at its place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dialplan.model import (
    Behavior,
    BlockKind,
    Dialplan,
    Entry,
    PatternType,
    SearchRule,
    SourceMode,
    Transform,
)
from dialplan.notes import Notes
from dialplan.pattern.parser import parse_pattern
from dialplan.pattern.pattern import check_plain
from dialplan.pattern.replacement import check_replacement
from dialplan.places import Lines, Places
from dialplan.problem import listing
from dialplan.syntax import Node, PatternError, group_count

from .blocks import BlockToken
from .fields import (
    BEHAVIORS,
    FIELD_NAMES,
    MAX_DESCRIPTION,
    MAX_NAME,
    MAX_PRIORITY,
    SPELLINGS,
    WORDS_FIELDS,
    FieldError,
    field_named,
    value_offset,
)
from .habits import habit_in_value
from .spelling import control_character_at, plain_words, unquoted

_PRIORITY = re.compile(r"priority[ \t]+([0-9]{1,5})\s*")
"""The one field of words whose text most rules have alone; it is read in a third of the time of the others."""


@dataclass(slots=True)
class _Value:
    """A field as it was read. Read only: fields of the same text share it."""

    name: str
    attribute: str
    value: Any
    """Of a text its quotes are still to be checked."""
    offset: int
    error: FieldError | None = None
    fits: bool = True
    """Whether the block has such a field, and its value is one."""


class PlanBuilder:
    """``add`` takes one block after the other, ``plan`` gives the result."""

    def __init__(self, notes: Notes, text: str) -> None:
        self._notes = notes
        self._text = text
        self._lines = Lines(notes.file, text)
        self._transforms: list[Transform] = []
        self._rules: list[SearchRule] = []
        self._syntax: dict[str, Node] = {}
        self._read: dict[BlockKind, dict[str, _Value]] = {kind: {} for kind in BlockKind}
        """Text of a field of words -> its value. Reading 10,000 rules takes a fifth less time with it
        (tools/bench/search.py), as most rules have most of these fields in common."""
        self._whole = not notes.problems
        """There is no syntax error, so a field that seems to be missing is missing."""
        self._wrong: set[str] = set()
        """Fields of the block whose value is none: what follows from their defaults is no mistake of its own."""

    def plan(self) -> Dialplan:
        sources = {self._notes.file: self._text}
        return Dialplan(tuple(self._transforms), tuple(self._rules), sources, self._syntax)

    def add(self, tokens: Sequence[BlockToken]) -> None:
        """``tokens``: the block's kind, its name in quotes, its fields."""
        (_, words, beginning), name = tokens[:2]
        if beginning is None:
            return  # the parser made up the beginning, and has noted the mistake
        kind = BlockKind.TRANSFORM if words[0] in "tT" else BlockKind.SEARCH_RULE
        offsets: dict[str, int] = {}
        places = Places(self._lines, offsets)
        location = self._lines.following(beginning)
        values: dict[str, Any] = {"name": self._name(name), "location": location, "places": places}
        self._wrong.clear()
        known = self._read[kind]
        for token in tokens[2:]:
            terminal, text, start = token
            start = start or 0
            read = known.get(text) or self._value(kind, terminal, text)
            if not read.fits or read.name in offsets:
                self._note_field(kind, read, start, offsets)
                continue
            place = offsets[read.name] = start + read.offset
            if terminal == "WORDS_FIELD":
                values[read.attribute] = read.value
            else:
                self._set(read, terminal, place, values)
        if kind is BlockKind.TRANSFORM:
            transform = Transform(**values)
            self._check_transform(transform)
            self._transforms.append(transform)
        else:
            rule = SearchRule(**values)
            self._check_rule(rule)
            self._rules.append(rule)

    def _name(self, token: BlockToken) -> str:
        _, text, start = token
        if start is None:
            return ""  # the parser made up the name, and has noted the mistake
        return self._quoted(text, "name", start, MAX_NAME, empty=False)

    def _set(self, read: _Value, terminal: str, place: int, values: dict[str, Any]) -> None:
        """A field with a text in quotes. ``place``: the offset of its opening quote in the text."""
        if terminal == "TEXT_FIELD":
            limit = MAX_DESCRIPTION if read.name == "description" else None
            values[read.attribute] = self._quoted(read.value, read.name, place, limit)
            return
        zone = self._quoted(read.value, f"{read.name} zone", place, MAX_NAME, empty=False)
        values |= {"source": SourceMode.NAMED, "source_name": zone} if read.name == "source" else {"target": zone}

    def _note_field(self, kind: BlockKind, read: _Value, start: int, offsets: dict[str, int]) -> None:
        """What is wrong with a field that is not set."""
        if read.name not in FIELD_NAMES[kind]:
            hint = f"its fields are {listing(FIELD_NAMES[kind])}"
            self._notes.at(self._lines.location(start), f"a {kind.value} has no {read.name}", hint)
        elif read.name in offsets:
            line = self._lines.location(offsets[read.name]).line
            hint = f"it is set in line {line} already; leave one out"
            self._notes.at(self._lines.location(start), f"{read.name} a second time", hint)
        elif read.error:
            offsets[read.name] = start + read.offset
            self._wrong.add(read.name)
            place = self._lines.location(start + read.offset)
            self._notes.at(place, f"{read.name}: {read.error.message}", read.error.hint)

    def _value(self, kind: BlockKind, terminal: str, text: str) -> _Value:
        if terminal != "WORDS_FIELD":
            return _quoted_field(kind, text)
        read = self._read[kind][text] = _read_words(kind, text)
        read.fits = read.error is None and read.name in FIELD_NAMES[kind]
        return read

    def _quoted(self, text: str, what: str, start: int, limit: int | None, empty: bool = True) -> str:
        """``start``: the offset of its opening quote."""
        value = unquoted(text)
        if value.isprintable() and (value or empty) and (limit is None or len(value) <= limit):
            return value
        place, control = self._lines.location(start), control_character_at(value)
        if control is not None:
            self._notes.in_text(place, PatternError(control, f"a control character in {what}", "leave it out"))
        elif limit is not None and len(value) > limit:
            self._notes.in_text(place, PatternError(limit, f"a {what} of {len(value)} characters", f"{limit} at most"))
        else:
            self._notes.at(place, f"an empty {what}", "write something between the quotes")
        return value

    def _check_transform(self, transform: Transform) -> None:
        self._check_alias(transform)
        if self._whole and transform.behavior in (Behavior.ADD_PREFIX, Behavior.ADD_SUFFIX) and not transform.replace:
            hint = 'write what to add: replace "..."'
            self._notes.at(transform.location, f"{transform.behavior.value} without a replace string", hint)

    def _check_rule(self, rule: SearchRule) -> None:
        if self._whole and "target" not in rule.places:
            self._notes.at(rule.location, "a search rule without a target", 'write: target zone "its name"')
        if rule.uses_pattern:
            self._check_alias(rule)
        elif rule.pattern and self._whole and "mode" not in rule.places:
            hint = "write: mode alias pattern match; the default, any alias, does not look at it"
            self._notes.at(rule.places["pattern"], "a pattern that is not used", hint)

    def _check_alias(self, entry: Entry) -> None:
        """Notes where pattern, behaviour and replace string do not fit each other."""
        if not entry.pattern and not self._whole:
            return
        if not entry.pattern:
            place = entry.places.get("pattern", entry.location)
            self._notes.at(place, f"a {entry.kind.value} without a pattern", 'write: pattern "..."')
            return
        if not self._wrong.isdisjoint(("behavior", "pattern type")):
            return
        strips = entry.behavior is Behavior.STRIP and (self._whole or "behavior" in entry.places)
        if strips and entry.pattern_type not in (PatternType.PREFIX, PatternType.SUFFIX):
            self._note_strip(entry)
        try:
            groups = self._groups(entry)
        except PatternError as error:
            self._notes.in_text(entry.places["pattern"], error)
            return
        if entry.behavior not in (Behavior.STRIP, Behavior.LEAVE) and entry.replace:
            try:
                check_replacement(entry.replace, groups if entry.behavior is Behavior.REPLACE else None)
            except PatternError as error:
                self._notes.in_text(entry.places["replace"], error)

    def _note_strip(self, entry: Entry) -> None:
        others = listing([behavior.value for behavior in BEHAVIORS[entry.kind] if behavior is not Behavior.STRIP])
        place = entry.places.get("behavior", entry.places.get("pattern type", entry.location))
        message = f"behavior strip (the default) with pattern type {entry.pattern_type.value}"
        self._notes.at(place, message, f"strip is for prefix and suffix; write behavior {others}")

    def _groups(self, entry: Entry) -> int | None:
        """The number of groups of a regex; None for a plain pattern. Raises PatternError when it is refused."""
        if entry.pattern_type is not PatternType.REGEX:
            check_plain(entry.pattern)
            return None
        node = self._syntax.get(entry.pattern)
        if node is None:
            node = self._syntax[entry.pattern] = parse_pattern(entry.pattern)
        return group_count(node) if "(" in entry.pattern else 0


def _quoted_field(kind: BlockKind, text: str) -> _Value:
    text = text.rstrip()
    quote = text.index('"')
    name = text[:quote].split(maxsplit=1)[0].lower()
    return _Value(name, name, text[quote:], quote, None, name in FIELD_NAMES[kind])


def _read_words(kind: BlockKind, text: str) -> _Value:
    if (found := _PRIORITY.fullmatch(text)) and 0 < int(found[1]) <= MAX_PRIORITY:
        return _Value("priority", "priority", int(found[1]), found.start(1))
    spelled = field_named(text) or ""
    name = SPELLINGS.get(spelled, spelled)
    offset = value_offset(text, spelled)
    field = WORDS_FIELDS[kind].get(name)
    if field is None:
        return _Value(name, name, None, offset)
    try:
        return _Value(name, field.attribute, field.value(plain_words(text[offset:])), offset)
    except FieldError as error:
        told = habit_in_value(name, text[offset:].rstrip())
        if told:
            return _Value(name, field.attribute, None, offset + told[2], FieldError(told[0], told[1]))
        if name == "source":
            error.hint = 'write any, all zones, local zone or zone "its name"'
        return _Value(name, field.attribute, None, offset, error)
