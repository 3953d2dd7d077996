"""The fields of a search rule under their three names: in the JSON of the REST API, in ``xConfiguration``, and here.

The names in JSON, and one value of each, are those of a real answer to a GET that a public client's documentation
prints (``Expressway.getSearchRule``); the other values are those of the command reference in Cisco's Administrator
Guide X15.0, in any spelling. Reading and writing both go by this table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dialplan.importers.expressway import BEHAVIORS, MODES, PATTERN_TYPES, PROGRESS, PROTOCOLS, SOURCES, STATES, TRAFFIC
from dialplan.importers.expressway import YES as ANSWERS

PATH = "common/searchrule"
NAME, SYSTEM_GENERATED = "Name", "SystemGenerated"


@dataclass(frozen=True, slots=True)
class RuleField:
    key: str
    """In JSON."""
    words: str
    """In ``xConfiguration``, behind ``Zones Policy SearchRules Rule N``."""
    attribute: str
    """Of ``SearchRule``."""
    values: Mapping[str, object] | None = None
    """For a fixed vocabulary: a word in small letters without blanks -> its value here; several may mean one."""
    longest: int = 0
    """Characters that the box takes; 0 where it says no number."""

    def meaning(self, text: str) -> object | None:
        """The value that a word of the vocabulary means; None for a word that is not known."""
        return _by_letters(self.values or {}).get(letters(text))


RULE_FIELDS = (
    RuleField(NAME, "Name", "name", longest=50),
    RuleField("Description", "Description", "description", longest=64),
    RuleField("Priority", "Priority", "priority"),
    RuleField("Protocol", "Protocol", "protocol", PROTOCOLS),
    RuleField("SIPVariant", "SIPTrafficType", "traffic_type", TRAFFIC),
    RuleField("Source", "Source Mode", "source", SOURCES),
    RuleField("SourceName", "Source Name", "source_name", longest=50),
    RuleField("MustAuthenticateRequest", "Authentication", "authenticated", ANSWERS),
    RuleField("Mode", "Mode", "mode", MODES),
    RuleField("PatternType", "Pattern Type", "pattern_type", PATTERN_TYPES),
    RuleField("PatternString", "Pattern String", "pattern", longest=60),
    RuleField("PatternBehavior", "Pattern Behavior", "behavior", BEHAVIORS),
    RuleField("ReplaceString", "Pattern Replace", "replace", longest=60),
    RuleField("OnSuccessfulMatch", "Progress", "on_match", PROGRESS),
    RuleField("TargetName", "Target Name", "target", longest=50),
    RuleField("State", "State", "enabled", STATES),
)


def letters(text: str) -> str:
    """What spellings of one value share: letters and digits, small."""
    return "".join(character for character in text.casefold() if character.isalnum())


def _by_letters(values: Mapping[str, object]) -> dict[str, object]:
    return {letters(word): value for word, value in values.items()}
