"""Search rules and transforms of an Expressway -> transforms and rules of this dial plan, with the same decisions.

Names of fields and values, and their defaults, are those of Cisco's Expressway Administrator Guide, "Reference
material" (command reference: ``xConfiguration``). Names that differ by version are read as the same thing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TypeVar

from dialplan.language.fields import MAX_DESCRIPTION, MAX_NAME, MAX_PRIORITY, TRAFFIC_SYNONYMS
from dialplan.language.format import write_entry
from dialplan.language.parser import parse_dialplan
from dialplan.model import (
    Behavior,
    Entry,
    EntryT,
    Mode,
    OnMatch,
    PatternType,
    Protocol,
    SearchRule,
    SourceMode,
    TrafficType,
    Transform,
    Variables,
)
from dialplan.pattern.variables import VARIABLE
from dialplan.problem import DialplanError
from dialplan.search.search import CompiledPlan

from .xconfiguration import Dump, Remark, View

ValueT = TypeVar("ValueT")

# Values of a field as the box writes them, in small letters without blanks -> ours; several words may mean one thing.

BEHAVIORS: Mapping[str, Behavior] = {
    "strip": Behavior.STRIP,
    "leave": Behavior.LEAVE,
    "replace": Behavior.REPLACE,
    "addprefix": Behavior.ADD_PREFIX,
    "addsuffix": Behavior.ADD_SUFFIX,
}
PATTERN_TYPES = {kind.value: kind for kind in PatternType}
PROTOCOLS = {"any": Protocol.ANY, "sip": Protocol.SIP, "h323": Protocol.H323, "h.323": Protocol.H323}
MODES = {mode.value.replace(" ", ""): mode for mode in Mode}
SOURCES = {
    "any": SourceMode.ANY,
    "allzones": SourceMode.ALL_ZONES,
    "localzone": SourceMode.LOCAL_ZONE,
    "named": SourceMode.NAMED,
}
PROGRESS = {on_match.value: on_match for on_match in OnMatch}
YES = {"yes": True, "no": False}
STATES = {"enabled": True, "disabled": False}
TRAFFIC = {
    word.replace(" ", ""): kind
    for word, kind in [*((kind.value, kind) for kind in TrafficType), *TRAFFIC_SYNONYMS.items()]
}


class ZoneUse(Enum):
    """The use of a zone's name in a rule."""

    SOURCE = "source"
    TARGET = "target"
    POLICY_SERVICE = "policy service"


_TARGETS = {"zone": ZoneUse.TARGET, "policyservice": ZoneUse.POLICY_SERVICE}

ZoneNamer = Callable[[str, ZoneUse, int], str]
"""(name in the dump, its use, line) -> the zone's name here; makes a stand-in for a zone that is missing."""


@dataclass(slots=True)
class ImportedPlan:
    entries: list[Entry] = field(default_factory=list)
    """In the order of the dump: transforms, then rules."""
    refused: list[tuple[Entry, str]] = field(default_factory=list)
    """(an entry that this dial plan cannot express, the reason)."""
    doubted: list[str] = field(default_factory=list)
    """Names of the entries that are disabled because a value of theirs was not understood."""
    remarks: list[Remark] = field(default_factory=list)


def import_plan(dump: Dump, zone_named: ZoneNamer, variables: Variables, system_name: str) -> ImportedPlan:
    """``variables``: of the edge that will run the plan. ``system_name``: the box's own, for ``%systemname%``."""
    return _Importer(dump, zone_named, variables, system_name).plan


class _Importer:
    def __init__(self, dump: Dump, zone_named: ZoneNamer, variables: Variables, system_name: str) -> None:
        self.plan = ImportedPlan()
        self._zone_named = zone_named
        self._variables = variables
        self._system_name = system_name
        self._names: set[str] = set()
        self._doubted = False
        """Whether a value of the entry that is being read was not understood."""
        for words in ("Transform", "Transforms Transform"):
            for number in dump.indexes(words):
                view = dump.under(words, str(number))
                self._add(view, self._transform(view, number))
        for number in dump.indexes("Zones Policy SearchRules Rule"):
            view = dump.under("Zones Policy SearchRules Rule", str(number))
            self._add(view, self._rule(view, number))

    def _add(self, view: View, entry: Entry) -> None:
        """Any default in place of a value that is not understood could make the entry wider: it is disabled."""
        if view.is_cut_off:
            self._doubt(view, "", "a setting is cut off")
        if self._doubted:
            entry = replace(entry, enabled=False)
            self.plan.doubted.append(entry.name)
        self._doubted = False
        problem = self._refusal(entry)
        if problem:
            self.plan.refused.append((entry, problem))
        else:
            self.plan.entries.append(entry)

    def _refusal(self, entry: Entry) -> str:
        """The reason why the engine does not take an entry; '' when it does."""
        if entry.uses_pattern and not entry.pattern:
            return "an empty pattern of this type matches no alias"
        try:
            CompiledPlan(parse_dialplan(write_entry(replace(entry, enabled=True)), ""), self._variables)
        except DialplanError as error:
            return f"{error.problems[0].message}; {error.problems[0].hint}".rstrip("; ")
        return ""

    def _transform(self, view: View, number: int) -> Transform:
        transform = Transform(
            name=f"transform {number}",
            description=self._description(view),
            priority=self._priority(view, 1),
            pattern_type=self._choice(view, "Pattern Type", PATTERN_TYPES, PatternType.PREFIX),
            pattern=self._with_system_name(view, "Pattern String"),
            behavior=self._choice(view, "Pattern Behavior", BEHAVIORS, Behavior.STRIP),
            replace=self._with_system_name(view, "Pattern Replace", regex=False),
            enabled=self._choice(view, "State", STATES, True),
        )
        taken = {entry.priority for entry in self.plan.entries}
        if transform.priority in taken:
            free = next(number for number in range(transform.priority, MAX_PRIORITY + 1) if number not in taken)
            self._remark(view, "Priority", f"is that of another transform; {free} is taken instead")
            transform = replace(transform, priority=free)
        return self._fitting(view, transform)

    def _rule(self, view: View, number: int) -> SearchRule:
        source, source_name = self._source(view)
        rule = SearchRule(
            name=self._name(view, number),
            description=self._description(view),
            priority=self._priority(view, 100),
            protocol=self._choice(view, "Protocol", PROTOCOLS, Protocol.ANY),
            traffic_type=self._choice(view, "SIPTrafficType", TRAFFIC, TrafficType.ANY),
            source=source,
            source_name=source_name,
            authenticated=self._choice(view, "Authentication", YES, False),
            mode=self._choice(view, "Mode", MODES, Mode.ANY_ALIAS),
            pattern_type=self._choice(view, "Pattern Type", PATTERN_TYPES, PatternType.PREFIX),
            pattern=self._with_system_name(view, "Pattern String"),
            behavior=self._choice(view, "Pattern Behavior", BEHAVIORS, Behavior.STRIP),
            replace=self._with_system_name(view, "Pattern Replace", regex=False),
            on_match=self._choice(view, "Progress", PROGRESS, OnMatch.CONTINUE),
            target=self._target(view),
            enabled=self._choice(view, "State", STATES, True),
        )
        if view.word("Target SIPVariant", "any") != "any":
            self._remark(view, "Target SIPVariant", "has no equal: messages are not changed into another variant")
        view.take("SystemGenerated")
        if not rule.uses_pattern:
            return replace(rule, pattern_type=PatternType.PREFIX, pattern="", behavior=Behavior.STRIP, replace="")
        return self._fitting(view, rule)

    def _name(self, view: View, number: int) -> str:
        """The rule's name, made unique, case aside; an Expressway does not ask for that."""
        name = _clean(view.text("Name"), MAX_NAME) or f"rule {number}"
        if name.casefold() in self._names:
            suffix = f" (rule {number})"
            name = name[: MAX_NAME - len(suffix)] + suffix
            self._remark(view, "Name", f'is that of another rule; this one is "{name}"')
        self._names.add(name.casefold())
        return name

    def _description(self, view: View) -> str:
        return _clean(view.text("Description"), MAX_DESCRIPTION)

    def _priority(self, view: View, default: int) -> int:
        text = view.text("Priority", str(default))
        if text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= MAX_PRIORITY:
            return int(text)
        self._doubt(view, "Priority", f'"{text}" is none')
        return default

    def _source(self, view: View) -> tuple[SourceMode, str]:
        mode = self._choice(view, "Source Mode", SOURCES, SourceMode.ANY)
        name = view.take("Source Name")
        if mode is not SourceMode.NAMED:
            return mode, ""
        if name is None:
            self._doubt(view, "Source Mode", "is Named, but there is no Source Name")
            return SourceMode.ANY, ""
        return mode, self._zone_named(name.value, ZoneUse.SOURCE, name.line)

    def _target(self, view: View) -> str:
        kind = self._choice(view, "Target Type", _TARGETS, ZoneUse.TARGET)
        return self._zone_named(view.text("Target Name"), kind, view.line("Target Name") or view.line())

    def _choice(self, view: View, words: str, values: Mapping[str, ValueT], default: ValueT) -> ValueT:
        word = view.word(words)
        if word and word not in values:
            self._doubt(view, words, f'"{view.text(words)}" is not known')
        return values.get(word, default)

    def _with_system_name(self, view: View, words: str, regex: bool = True) -> str:
        """The text with ``%systemname%`` written out when this edge has another name than the box."""
        text = view.text(words)
        if self._system_name == self._variables.system_name or "%systemname%" not in text.lower():
            return text
        escape = regex and view.word("Pattern Type") == "regex"
        name = re.escape(self._system_name) if escape else self._system_name
        self._remark(view, words, f'%systemname% is written out: the box is called "{self._system_name}"')
        return VARIABLE.sub(lambda match: name if match[1].lower() == "systemname" else match[0], text)

    def _fitting(self, view: View, entry: EntryT) -> EntryT:
        """The entry in another form when an Expressway allows its combination of fields and this language does not."""
        kind, behavior = entry.pattern_type, entry.behavior
        plain = kind is not PatternType.REGEX
        open_ended = kind in (PatternType.PREFIX, PatternType.SUFFIX)
        if plain and entry.replace and behavior is not Behavior.STRIP and behavior is not Behavior.LEAVE:
            entry = replace(entry, replace=entry.replace.replace("\\", "\\\\"))
        if open_ended and not entry.pattern:
            entry = _whole_alias(entry)
        elif behavior is Behavior.STRIP and not open_ended:
            self._remark(view, "Pattern Behavior", f"Strip with {kind.value} is read as: nothing of the alias is left")
            entry = replace(entry, behavior=Behavior.REPLACE, replace="")
        elif isinstance(entry, Transform) and behavior is Behavior.LEAVE:
            entry = _left_alone(entry)
        elif behavior in (Behavior.ADD_PREFIX, Behavior.ADD_SUFFIX) and not entry.replace:
            entry = _left_alone(entry)
        return entry

    def _doubt(self, view: View, words: str, text: str) -> None:
        self._doubted = True
        self._remark(view, words, f"{text}; it is disabled here until you have seen to that")

    def _remark(self, view: View, words: str, text: str) -> None:
        self.plan.remarks.append(
            Remark(view.line(words) or view.line(), f"{view.prefix} {words}".rstrip() + f": {text}")
        )


def _clean(text: str, limit: int) -> str:
    return "".join(character if character.isprintable() else " " for character in text).strip()[:limit]


def _whole_alias(entry: EntryT) -> EntryT:
    """The entry for an empty prefix or suffix, which every alias has."""
    behavior, text = entry.behavior, entry.replace
    if behavior in (Behavior.ADD_PREFIX, Behavior.ADD_SUFFIX) and text:
        return replace(entry, pattern_type=PatternType.REGEX, pattern=".*")
    if behavior is not Behavior.REPLACE:
        text = ""
    if not text and isinstance(entry, SearchRule):
        return replace(entry, pattern_type=PatternType.REGEX, pattern=".*", behavior=Behavior.LEAVE, replace="")
    text = f"{text}\\1" if entry.pattern_type is PatternType.PREFIX else f"\\1{text}"
    return replace(entry, pattern_type=PatternType.REGEX, pattern="(.*)", behavior=Behavior.REPLACE, replace=text)


def _left_alone(entry: EntryT) -> EntryT:
    """The entry that matches, and so keeps other transforms away, but changes nothing."""
    pattern = entry.pattern if entry.pattern_type is PatternType.REGEX else re.escape(entry.pattern)
    before = ".*" if entry.pattern_type is PatternType.SUFFIX else ""
    behind = ".*" if entry.pattern_type is PatternType.PREFIX else ""
    return replace(
        entry,
        pattern_type=PatternType.REGEX,
        pattern=f"({before}{pattern}{behind})",
        behavior=Behavior.REPLACE,
        replace="\\1",
    )
