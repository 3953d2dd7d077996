"""The fields of transforms and search rules: their names, the words they take, the values of these words, limits.

The parser, the formatter, completion and the importer all read this one table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from dialplan.model import Behavior, BlockKind, Mode, OnMatch, PatternType, Protocol, SourceMode, Traffic, TrafficType
from dialplan.problem import listing, suggestion

from .spelling import plain_words

MAX_NAME = 50
MAX_DESCRIPTION = 64
MAX_PRIORITY = 65_534


class FieldError(ValueError):
    """A field does not take this value."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class WordsField:
    """A field whose values are words. ``synonyms`` are read and never written."""

    attribute: str
    words: Mapping[str, Any]
    synonyms: Mapping[str, Any]

    def value(self, text: str) -> Any:
        """``text``: in lower case, single blanks. Raises FieldError when the text is no value."""
        value = self.words.get(text, self.synonyms.get(text))
        if value is None:
            hint = suggestion(text, self.words) or f"write {listing(list(self.words))}"
            raise FieldError(f'"{text}" is not among the values', hint)
        return value


class PriorityField:
    attribute = "priority"

    def value(self, text: str) -> int:
        """Raises FieldError when the text is no number from 1 to MAX_PRIORITY."""
        if text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= MAX_PRIORITY:
            return int(text)
        raise FieldError(f'"{text}" is not a priority', f"write a number from 1 (first) to {MAX_PRIORITY}")


class TargetField:
    """A target without the word zone: it is here only for its message."""

    attribute = "target"

    def value(self, text: str) -> str:
        """Raises FieldError always."""
        raise FieldError(f'"{text}" is not a target', 'write: target zone "its name"')


def _words(attribute: str, values: Mapping[str, Any], synonyms: Mapping[str, Any] | None = None) -> WordsField:
    return WordsField(attribute, values, synonyms or {})


def _enum(attribute: str, *values: Enum, synonyms: Mapping[str, Any] | None = None) -> WordsField:
    return _words(attribute, {value.value: value for value in values}, synonyms)


TRAFFIC_SYNONYMS: Mapping[str, TrafficType] = {
    "all sip variants": TrafficType.ANY,
    "standards-based": TrafficType.STANDARD,
    "standards-based sip": TrafficType.STANDARD,
    "microsoft av": TrafficType.MICROSOFT_SIP,
    "microsoft share": TrafficType.MICROSOFT_SIP,
    "microsoft imp": TrafficType.MICROSOFT_IMP,
    "microsoft im&p": TrafficType.MICROSOFT_IMP,
    "microsoft sip im&p": TrafficType.MICROSOFT_IMP,
    "microsoft sip-simple": TrafficType.MICROSOFT_IMP,
    "ms im&p": TrafficType.MICROSOFT_IMP,
}
"""Names of the same things in Expressway's versions and lists."""

TRAFFIC_WORDS: Mapping[str, Traffic] = {
    "standard": Traffic.STANDARD,
    "microsoft sip": Traffic.MICROSOFT_AV,
    "microsoft av": Traffic.MICROSOFT_AV,
    "microsoft share": Traffic.MICROSOFT_SHARE,
    "microsoft im and presence": Traffic.MICROSOFT_IMP,
    "microsoft imp": Traffic.MICROSOFT_IMP,
    "microsoft im&p": Traffic.MICROSOFT_IMP,
}
"""Names for the traffic of one request. (A rule's traffic type has names of its own.)"""


def traffic_named(text: str) -> Traffic | None:
    """Case does not count, and hyphens and underscores are blanks. None: no traffic has this name."""
    return TRAFFIC_WORDS.get(plain_words(text.replace("-", " ").replace("_", " ")))


def traffic_of(text: str) -> Traffic:
    """As ``traffic_named``. Raises FieldError when no traffic has this name."""
    traffic = traffic_named(text)
    if traffic is None:
        hint = suggestion(text, TRAFFIC_WORDS) or f"write {listing(list(TRAFFIC_WORDS))}"
        raise FieldError(f'"{text}" is not a kind of traffic', hint)
    return traffic


BEHAVIORS: Mapping[BlockKind, tuple[Behavior, ...]] = {
    BlockKind.TRANSFORM: (Behavior.STRIP, Behavior.REPLACE, Behavior.ADD_PREFIX, Behavior.ADD_SUFFIX),
    BlockKind.SEARCH_RULE: (Behavior.STRIP, Behavior.LEAVE, Behavior.REPLACE),
}

COMMON: Mapping[str, WordsField | PriorityField] = {
    "priority": PriorityField(),
    "pattern type": _enum("pattern_type", *PatternType),
    "state": _words("enabled", {"enabled": True, "disabled": False}),
}

WORDS_FIELDS: Mapping[BlockKind, Mapping[str, WordsField | PriorityField | TargetField]] = {
    BlockKind.TRANSFORM: {
        **COMMON,
        "behavior": _enum("behavior", *BEHAVIORS[BlockKind.TRANSFORM]),
    },
    BlockKind.SEARCH_RULE: {
        **COMMON,
        "protocol": _enum("protocol", *Protocol, synonyms={"h.323": Protocol.H323}),
        "traffic type": _enum("traffic_type", *TrafficType, synonyms=TRAFFIC_SYNONYMS),
        "source": _enum("source", SourceMode.ANY, SourceMode.ALL_ZONES, SourceMode.LOCAL_ZONE),
        "authenticated": _words("authenticated", {"yes": True, "no": False}),
        "mode": _enum("mode", *Mode),
        "behavior": _enum("behavior", *BEHAVIORS[BlockKind.SEARCH_RULE]),
        "on successful match": _enum("on_match", *OnMatch),
        "target": TargetField(),
    },
}

TEXT_FIELDS = ("description", "pattern", "replace")

FIELD_NAMES: Mapping[BlockKind, tuple[str, ...]] = {
    BlockKind.TRANSFORM: ("description", "priority", "pattern type", "pattern", "behavior", "replace", "state"),
    BlockKind.SEARCH_RULE: (
        "description",
        "priority",
        "protocol",
        "traffic type",
        "source",
        "authenticated",
        "mode",
        "pattern type",
        "pattern",
        "behavior",
        "replace",
        "on successful match",
        "target",
        "state",
    ),
}
"""In the order of Expressway's pages."""

SPELLINGS: Mapping[str, str] = {"behaviour": "behavior"}
ALL_NAMES: tuple[str, ...] = tuple(sorted({*FIELD_NAMES[BlockKind.SEARCH_RULE], *SPELLINGS}, key=len, reverse=True))
"""Longest first, so that "pattern type" is not taken for "pattern"."""
_FIELD = re.compile(rf'({"|".join(map(re.escape, ALL_NAMES))})(?=[ "]|\Z)')
_WORDS = [re.compile(rf'(?:\s*[^\s"]*){{{count}}}\s*') for count in range(4)]


def value_offset(text: str, name: str) -> int:
    """Offset of the value in the text of a field; the text's length when there is no value."""
    found = _WORDS[len(name.split())].match(text)
    return found.end() if found else len(text)


def field_named(text: str) -> str | None:
    """The field that a text begins with, as it is spelled there, in lower case."""
    found = _FIELD.match(plain_words(text))
    return found[1] if found else None
