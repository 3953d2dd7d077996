"""The blocks of a parsed file -> transforms and search rules; every value checked, every mistake noted at its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from dialplan.model import Behavior, Dialplan, Location, Mode, PatternType, SearchRule, SourceMode, Transform
from dialplan.notes import Notes
from dialplan.pattern.parser import parse_pattern
from dialplan.pattern.pattern import check_plain
from dialplan.pattern.replacement import check_replacement
from dialplan.problem import listing
from dialplan.syntax import Node, PatternError, group_count

from .fields import (
    FIELD_NAMES,
    MAX_DESCRIPTION,
    MAX_NAME,
    SPELLINGS,
    WORDS_FIELDS,
    BlockKind,
    FieldError,
    field_named,
    value_offset,
)


class Token(Protocol):
    """What is read of a Lark token, beside its text."""

    type: str
    line: int | None
    column: int | None


@dataclass(frozen=True, slots=True)
class _Value:
    """A field of words, read once for all blocks that have it in the same words."""

    name: str
    attribute: str
    value: Any
    offset: int
    error: FieldError | None = None


class PlanBuilder:
    """Give it one block after the other, then take the plan."""

    def __init__(self, notes: Notes, text: str) -> None:
        self._notes = notes
        self._text = text
        self._transforms: list[Transform] = []
        self._rules: list[SearchRule] = []
        self._syntax: dict[str, Node] = {}
        self._read: dict[BlockKind, dict[str, _Value]] = {kind: {} for kind in BlockKind}
        self._whole = not notes.problems
        """No syntax error: what seems to be missing is missing."""

    def plan(self) -> Dialplan:
        sources = {self._notes.file: self._text}
        return Dialplan(tuple(self._transforms), tuple(self._rules), sources, self._syntax)

    def add(self, tokens: Sequence[Token]) -> None:
        """A block: its kind, its name in quotes, its fields."""
        if tokens[0].line is None:
            return  # the parser made up its beginning, and has told so
        kind = BlockKind(" ".join(str(tokens[0]).lower().split()))
        where = Location(self._notes.file, tokens[0].line or 1, tokens[0].column or 1)
        values: dict[str, Any] = {"name": self._name(tokens[1]), "location": where}
        places: dict[str, Location] = {}
        for token in tokens[2:]:
            self._field(kind, token, values, places)
        values["places"] = places
        if kind is BlockKind.TRANSFORM:
            transform = Transform(**values)
            self._check_transform(transform)
            self._transforms.append(transform)
        else:
            rule = SearchRule(**values)
            self._check_rule(rule)
            self._rules.append(rule)

    def _name(self, token: Token) -> str:
        if token.line is None:
            return ""  # put in by the parser's repair, which has told what is wrong
        place = Location(self._notes.file, token.line, token.column or 1)
        return self._quoted(str(token), "name", place, MAX_NAME, empty=False)

    def _field(self, kind: BlockKind, token: Token, values: dict[str, Any], places: dict[str, Location]) -> None:
        read = self._words(kind, token) if token.type == "WORDS_FIELD" else self._quoted_field(kind, token)
        place = Location(self._notes.file, token.line or 1, (token.column or 1) + read.offset)
        if read.name not in FIELD_NAMES[kind]:
            hint = f"its fields are {listing(FIELD_NAMES[kind])}"
            self._notes.add(token.line or 1, token.column or 1, f"a {kind.value} has no {read.name}", hint)
            return
        if read.name in places:
            hint = f"it is set in line {places[read.name].line} already; leave one out"
            self._notes.add(token.line or 1, token.column or 1, f"{read.name} a second time", hint)
            return
        places[read.name] = place
        if read.error:
            self._notes.at(place, f"{read.name}: {read.error.message}", read.error.hint)
        elif token.type == "ZONE_FIELD":
            self._zone(read, place, values)
        elif token.type == "TEXT_FIELD":
            limit = MAX_DESCRIPTION if read.name == "description" else None
            values[read.attribute] = self._quoted(read.value, read.name, place, limit)
        else:
            values[read.attribute] = read.value

    def _zone(self, read: _Value, place: Location, values: dict[str, Any]) -> None:
        zone = self._quoted(read.value, f"{read.name} zone", place, MAX_NAME, empty=False)
        if read.name == "source":
            values |= {"source": SourceMode.NAMED, "source_name": zone}
        else:
            values["target"] = zone

    def _words(self, kind: BlockKind, token: Token) -> _Value:
        text = str(token)
        read = self._read[kind]
        if text not in read:
            read[text] = _read_words(kind, text)
        return read[text]

    def _quoted_field(self, kind: BlockKind, token: Token) -> _Value:
        text = str(token).rstrip()
        quote = text.index('"')
        name = text[:quote].split(maxsplit=1)[0].lower()
        return _Value(name, name, text[quote:], quote)

    def _quoted(self, text: str, what: str, place: Location, limit: int | None, empty: bool = True) -> str:
        value = text[1:-1].replace('""', '"') if '""' in text else text[1:-1]
        if not value.isprintable():
            at = next(number for number, character in enumerate(value) if not character.isprintable())
            self._notes.in_text(place, PatternError(at, f"a control character in {what}", "leave it out"))
        elif limit is not None and len(value) > limit:
            self._notes.in_text(place, PatternError(limit, f"a {what} of {len(value)} characters", f"{limit} at most"))
        elif not (value or empty):
            self._notes.at(place, f"an empty {what}", "write something between the quotes")
        return value

    def _check_transform(self, transform: Transform) -> None:
        self._check_alias(transform, "transform")
        if transform.behavior in (Behavior.ADD_PREFIX, Behavior.ADD_SUFFIX) and not transform.replace:
            hint = 'write what to add: replace "..."'
            self._notes.at(transform.location, f"{transform.behavior.value} without a replace string", hint)

    def _check_rule(self, rule: SearchRule) -> None:
        if self._whole and "target" not in rule.places:
            self._notes.at(rule.location, "a search rule without a target", 'write: target zone "its name"')
        if rule.mode is Mode.ALIAS_PATTERN_MATCH:
            self._check_alias(rule, "search rule")
        elif rule.pattern and "mode" not in rule.places:
            hint = "write: mode alias pattern match; the default, any alias, does not look at it"
            self._notes.at(rule.places["pattern"], "a pattern that is not used", hint)

    def _check_alias(self, rule: Transform | SearchRule, what: str) -> None:
        """Pattern, behaviour and replace string fit each other."""
        if not rule.pattern:
            self._notes.at(
                rule.places.get("pattern", rule.location), f"a {what} without a pattern", 'write: pattern "..."'
            )
            return
        groups = self._check_pattern(rule)
        if rule.behavior is Behavior.STRIP and rule.pattern_type not in (PatternType.PREFIX, PatternType.SUFFIX):
            kinds = listing(
                [one.value for one in Behavior if one is not Behavior.STRIP][: 2 if what == "search rule" else None]
            )
            place = rule.places.get("behavior", rule.places.get("pattern type", rule.location))
            message = f"behavior strip (the default) with pattern type {rule.pattern_type.value}"
            self._notes.at(place, message, f"strip is for prefix and suffix; write behavior {kinds}")
        if rule.behavior not in (Behavior.STRIP, Behavior.LEAVE) and rule.replace and groups >= -1:
            try:
                check_replacement(rule.replace, groups if rule.behavior is Behavior.REPLACE and groups >= 0 else None)
            except PatternError as error:
                self._notes.in_text(rule.places["replace"], error)

    def _check_pattern(self, rule: Transform | SearchRule) -> int:
        """How many groups it has; -1 for a plain pattern, -2 for a bad one."""
        try:
            if rule.pattern_type is not PatternType.REGEX:
                check_plain(rule.pattern)
                return -1
            node = self._syntax.get(rule.pattern)
            if node is None:
                node = self._syntax[rule.pattern] = parse_pattern(rule.pattern)
            return group_count(node) if "(" in rule.pattern else 0
        except PatternError as error:
            self._notes.in_text(rule.places["pattern"], error)
            return -2


def _read_words(kind: BlockKind, text: str) -> _Value:
    spelled = field_named(text) or ""
    name = SPELLINGS.get(spelled, spelled)
    offset = value_offset(text, spelled)
    field = WORDS_FIELDS[kind].get(name)
    if field is None:
        return _Value(name, name, None, offset)
    try:
        return _Value(name, field.attribute, field.value(" ".join(text[offset:].lower().split())), offset)
    except FieldError as error:
        if name == "source":
            error.hint = 'write any, all zones, local zone or zone "its name"'
        return _Value(name, field.attribute, None, offset, error)
