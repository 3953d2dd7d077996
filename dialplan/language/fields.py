"""The fields of transforms and search rules: names, the words they take, what these mean, limits.

One table for the parser, and for whatever else must know the language (formatter, completion, importer).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from dialplan.model import Behavior, Mode, OnMatch, PatternType, Protocol, SourceMode, Traffic, TrafficType
from dialplan.problem import listing, suggestion

MAX_NAME = 50
MAX_DESCRIPTION = 64
MAX_PRIORITY = 65_534


class BlockKind(Enum):
    TRANSFORM = "transform"
    SEARCH_RULE = "search rule"


class FieldError(ValueError):
    """A value that a field does not take."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class WordsField:
    """A field of words. ``synonyms`` are read and never written."""

    attribute: str
    words: Mapping[str, Any]
    synonyms: Mapping[str, Any]

    def value(self, text: str) -> Any:
        """``text``: in lower case, single blanks. Raise FieldError."""
        found = self.words.get(text, self.synonyms.get(text))
        if found is None:
            hint = suggestion(text, self.words) or f"write {listing(list(self.words))}"
            raise FieldError(f'"{text}" is not among the values', hint)
        return found


class PriorityField:
    attribute = "priority"

    def value(self, text: str) -> int:
        if text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= MAX_PRIORITY:
            return int(text)
        raise FieldError(f'"{text}" is not a priority', f"write a number from 1 (first) to {MAX_PRIORITY}")


class TargetField:
    """Only for its message: a target is always a zone."""

    attribute = "target"

    def value(self, text: str) -> str:
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
    "microsoft imp": Traffic.MICROSOFT_IMP,
    "microsoft im and presence": Traffic.MICROSOFT_IMP,
}
"""What a person may call the traffic of one request (not what a rule asks for)."""


def traffic_named(text: str) -> Traffic | None:
    """Case does not matter; hyphens and underscores count as blanks."""
    return TRAFFIC_WORDS.get(" ".join(text.lower().replace("-", " ").replace("_", " ").split()))


COMMON: Mapping[str, WordsField | PriorityField] = {
    "priority": PriorityField(),
    "pattern type": _enum("pattern_type", *PatternType),
    "state": _words("enabled", {"enabled": True, "disabled": False}),
}

WORDS_FIELDS: Mapping[BlockKind, Mapping[str, WordsField | PriorityField | TargetField]] = {
    BlockKind.TRANSFORM: {
        **COMMON,
        "behavior": _enum("behavior", Behavior.STRIP, Behavior.REPLACE, Behavior.ADD_PREFIX, Behavior.ADD_SUFFIX),
    },
    BlockKind.SEARCH_RULE: {
        **COMMON,
        "protocol": _enum("protocol", *Protocol, synonyms={"h.323": Protocol.H323}),
        "traffic type": _enum("traffic_type", *TrafficType, synonyms=TRAFFIC_SYNONYMS),
        "source": _enum("source", SourceMode.ANY, SourceMode.ALL_ZONES, SourceMode.LOCAL_ZONE),
        "authenticated": _words("authenticated", {"yes": True, "no": False}),
        "mode": _enum("mode", *Mode),
        "behavior": _enum("behavior", Behavior.STRIP, Behavior.LEAVE, Behavior.REPLACE),
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


def value_offset(text: str, name: str) -> int:
    """Where the value begins in the text of a field, or where the text ends."""
    at = 0
    for _ in name.split():
        while at < len(text) and text[at].isspace():
            at += 1
        while at < len(text) and not text[at].isspace() and text[at] != '"':
            at += 1
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def field_named(text: str) -> str | None:
    """The field that a text begins with, as it is spelled there, in lower case."""
    words = " ".join(text.lower().split())
    return next((name for name in ALL_NAMES if words == name or words.startswith((name + " ", name + '"'))), None)
