"""A search rule -> the JSON object that the REST API takes for it, spelled as this box spells its values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dialplan.model import DEFAULT_ZONE, LOCAL_ZONE, Behavior, PatternType, SearchRule

from .answers import Record
from .fields import RULE_FIELDS, RuleField, letters
from .raml import Enumerations

_OWN_NAMES = {LOCAL_ZONE: "LocalZone", DEFAULT_ZONE: "DefaultZone"}
"""``LocalZone`` was seen as a target in a real answer, ``DefaultZone`` in real dumps as a source."""


class Unwritable(ValueError):
    """A rule that the box cannot have, or whose spelling is not known; ``str()`` is a sentence."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """Key -> words that this box uses for it: those of its own description, then those that its rules have."""

    words: Mapping[str, tuple[str, ...]]

    def of(self, field: RuleField, value: object) -> str:
        """Raises Unwritable."""
        for word in self.words.get(letters(field.key), ()):
            if field.meaning(word) == value:
                return word
        known = ", ".join(self.words.get(letters(field.key), ())) or "none"
        raise Unwritable(
            f"how this box spells {field.key} for {_shown(value)} is not known (known: {known}): set one rule by hand "
            "that has it, then push again"
        )


def spelling_of(path: str, described: Enumerations, rules: Iterable[Record]) -> Spelling:
    """``path``: of the rules in ``described``, which may have a prefix there."""
    words: dict[str, dict[str, None]] = {}
    for where, fields in described.items():
        if where == path or where.endswith(f"/{path}"):
            for key, values in fields.items():
                words.setdefault(letters(key), {}).update(dict.fromkeys(values))
    for rule in rules:
        for key, value in rule.items():
            if isinstance(value, str):
                words.setdefault(letters(key), {})[value] = None
    return Spelling({key: tuple(values) for key, values in words.items()})


_TOGETHER = (
    ("mode", "pattern_type", "pattern", "behavior", "replace"),
    ("source", "source_name"),
)
"""Attributes that the import may have put into another form together."""


def body_of(
    rule: SearchRule, spelling: Spelling, before: SearchRule | None = None, record: Record | None = None
) -> dict[str, object]:
    """All fields; those that are as ``before`` keep the value that the box has in ``record``. Raises Unwritable."""
    kept = _unchanged(rule, before) if record is not None and before is not None else set()
    body: dict[str, object] = {}
    for field in RULE_FIELDS:
        if field.attribute in kept and record is not None and field.key in record:
            body[field.key] = record[field.key]
        else:
            body[field.key] = _value(rule, field, spelling)
    return body


def _unchanged(rule: SearchRule, before: SearchRule) -> set[str]:
    same = {each.attribute for each in RULE_FIELDS if getattr(rule, each.attribute) == getattr(before, each.attribute)}
    for group in _TOGETHER:
        if not same.issuperset(group):
            same.difference_update(group)
    return same


def _value(rule: SearchRule, field: RuleField, spelling: Spelling) -> object:
    value = getattr(rule, field.attribute)
    if field.values is not None:
        return spelling.of(field, value)
    if field.attribute == "replace":
        value = _replace(rule)
    elif field.attribute in ("target", "source_name"):
        value = _OWN_NAMES.get(value, value)
    if field.longest and len(value) > field.longest:
        raise Unwritable(f"{field.key} has more than {field.longest} characters")
    return value


def _replace(rule: SearchRule) -> str:
    """As the import turns it the other way: only a regex has groups, elsewhere a backslash is one."""
    plain = rule.pattern_type is not PatternType.REGEX and rule.behavior is Behavior.REPLACE
    return rule.replace.replace("\\\\", "\\") if plain else rule.replace


def _shown(value: object) -> str:
    return f'"{getattr(value, "value", value)}"'
