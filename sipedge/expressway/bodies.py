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


def body_of(rule: SearchRule, spelling: Spelling) -> dict[str, object]:
    """All fields. Raises Unwritable."""
    body: dict[str, object] = {}
    for field in RULE_FIELDS:
        value = getattr(rule, field.attribute)
        if field.attribute == "replace":
            value = _replace(rule)
        elif field.attribute in ("target", "source_name"):
            value = _OWN_NAMES.get(value, value)
        if field.values is not None:
            body[field.key] = spelling.of(field, value)
            continue
        if field.longest and len(value) > field.longest:
            raise Unwritable(f'rule "{rule.name}": {field.key} has more than {field.longest} characters')
        body[field.key] = value
    return body


def _replace(rule: SearchRule) -> str:
    """As the import turns it the other way: only a regex has groups, elsewhere a backslash is one."""
    plain = rule.pattern_type is not PatternType.REGEX and rule.behavior is Behavior.REPLACE
    return rule.replace.replace("\\\\", "\\") if plain else rule.replace


def _shown(value: object) -> str:
    return f'"{getattr(value, "value", value)}"'
