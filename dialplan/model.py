"""Transforms, search rules and dial plans as frozen records; each rule knows where it is written.

Fields, values and defaults are Expressway's (Configuration > Dial plan), names spelled out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import ClassVar, TypeVar

from .syntax import Node

DEFAULT_ZONE = "Default Zone"
"""The source of a peer that no zone claims."""
LOCAL_ZONE = "Local Zone"
"""The source, and the target, that stands for registered devices."""


class BlockKind(Enum):
    """The two kinds of block in a dial plan, as a file spells them."""

    TRANSFORM = "transform"
    SEARCH_RULE = "search rule"


@dataclass(frozen=True, slots=True)
class Location:
    """1-based line and column in a file."""

    file: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class PatternType(Enum):
    EXACT = "exact"
    PREFIX = "prefix"
    SUFFIX = "suffix"
    REGEX = "regex"


class Behavior(Enum):
    """How a matching alias is changed. Rules know strip, leave and replace, transforms all but leave."""

    STRIP = "strip"
    LEAVE = "leave"
    REPLACE = "replace"
    ADD_PREFIX = "add prefix"
    ADD_SUFFIX = "add suffix"


class Traffic(Enum):
    """The kind of one message: *SIP variant* in Expressway's search history."""

    STANDARD = "standard"
    MICROSOFT_AV = "microsoft av"
    MICROSOFT_SHARE = "microsoft share"
    MICROSOFT_IMP = "microsoft im and presence"


class TrafficType(Enum):
    """The kinds of message that a rule applies to: *Traffic type* of a search rule."""

    ANY = "any"
    STANDARD = "standard"
    ANY_MICROSOFT = "any microsoft"
    MICROSOFT_SIP = "microsoft sip"
    MICROSOFT_IMP = "microsoft im and presence"


TRAFFIC_ADMITTED: dict[TrafficType, frozenset[Traffic]] = {
    TrafficType.ANY: frozenset(Traffic),
    TrafficType.STANDARD: frozenset({Traffic.STANDARD}),
    TrafficType.ANY_MICROSOFT: frozenset({Traffic.MICROSOFT_AV, Traffic.MICROSOFT_SHARE, Traffic.MICROSOFT_IMP}),
    TrafficType.MICROSOFT_SIP: frozenset({Traffic.MICROSOFT_AV, Traffic.MICROSOFT_SHARE}),
    TrafficType.MICROSOFT_IMP: frozenset({Traffic.MICROSOFT_IMP}),
}


class Protocol(Enum):
    ANY = "any"
    SIP = "sip"
    H323 = "h323"


class SourceMode(Enum):
    ANY = "any"
    ALL_ZONES = "all zones"
    LOCAL_ZONE = "local zone"
    NAMED = "named"


class Mode(Enum):
    ALIAS_PATTERN_MATCH = "alias pattern match"
    ANY_ALIAS = "any alias"
    ANY_IP_ADDRESS = "any ip address"


class OnMatch(Enum):
    CONTINUE = "continue"
    STOP = "stop"


class RuleOutcome(Enum):
    """The result of one rule in one search: matched, or the condition that failed."""

    MATCHED = "matched"
    PATTERN = "pattern"
    MODE = "mode"
    SOURCE = "source"
    TRAFFIC = "traffic"
    PROTOCOL = "protocol"
    AUTHENTICATION = "authentication"
    DISABLED = "disabled"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transform:
    kind: ClassVar[BlockKind] = BlockKind.TRANSFORM
    uses_pattern: ClassVar[bool] = True
    name: str
    priority: int = 1
    description: str = ""
    pattern_type: PatternType = PatternType.PREFIX
    pattern: str = ""
    behavior: Behavior = Behavior.STRIP
    replace: str = ""
    enabled: bool = True
    location: Location = field(default=Location(), compare=False)
    places: Mapping[str, Location] = field(default_factory=dict, compare=False, repr=False)
    """Field as it is spelled out ("pattern type") -> where its value is written (text: its opening quote)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRule:
    kind: ClassVar[BlockKind] = BlockKind.SEARCH_RULE
    name: str
    description: str = ""
    priority: int = 100
    protocol: Protocol = Protocol.ANY
    traffic_type: TrafficType = TrafficType.ANY
    source: SourceMode = SourceMode.ANY
    source_name: str = ""
    """The zone, with source NAMED."""
    authenticated: bool = False
    """*Request must be authenticated*."""
    mode: Mode = Mode.ANY_ALIAS
    pattern_type: PatternType = PatternType.PREFIX
    pattern: str = ""
    behavior: Behavior = Behavior.STRIP
    replace: str = ""
    on_match: OnMatch = OnMatch.CONTINUE
    target: str = ""
    """A zone's name."""
    enabled: bool = True
    location: Location = field(default=Location(), compare=False)
    places: Mapping[str, Location] = field(default_factory=dict, compare=False, repr=False)
    """Field as it is spelled out ("pattern type") -> where its value is written (text: its opening quote)."""

    @property
    def uses_pattern(self) -> bool:
        """Whether the mode looks at the pattern."""
        return self.mode is Mode.ALIAS_PATTERN_MATCH


Entry = Transform | SearchRule
"""One block of a dial plan."""
EntryT = TypeVar("EntryT", Transform, SearchRule)


@dataclass(frozen=True, slots=True)
class Dialplan:
    """The blocks as they are written: not sorted, not checked against zones."""

    transforms: tuple[Transform, ...] = ()
    rules: tuple[SearchRule, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    """File -> its text, for messages that show a line."""
    syntax: Mapping[str, Node] = field(default_factory=dict, compare=False, repr=False)
    """Text of a regex -> its tree, as the parser of the file built it.

    Compiling 10,000 rules takes 0.2 s with it, 0.3 s without (plans of tools/bench/search.py).
    """

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The transforms, then the rules."""
        return (*self.transforms, *self.rules)

    def __add__(self, other: Dialplan) -> Dialplan:
        """The transforms and rules of both plans, as if one file followed the other."""
        return Dialplan(
            self.transforms + other.transforms,
            self.rules + other.rules,
            {**self.sources, **other.sources},
            {**self.syntax, **other.syntax},
        )


@dataclass(frozen=True, slots=True)
class Variables:
    """The values of ``%ip%``, ``%localdomains%`` and the others: Expressway's pattern matching variables."""

    ipv4: tuple[str, ...] = ()
    ipv6: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    system_name: str = ""


@dataclass(slots=True, unsafe_hash=True)
class Query:
    """The parts of a request that transforms and rules look at. Read only, as Target and Tier are.

    Frozen, the three would take twice as long to make, which is 1 % of a proxied MESSAGE.
    """

    alias: str
    source: str
    """Name of the source zone. ``Default Zone`` stands for unknown devices, ``Local Zone`` for registered ones."""
    traffic: Traffic = Traffic.STANDARD
    protocol: Protocol = Protocol.SIP
    authenticated: bool = False


@dataclass(slots=True, unsafe_hash=True)
class Target:
    rule: str
    zone: str
    alias: str
    """The alias for this target: the rule's behaviour applied to the searched alias."""


@dataclass(slots=True, unsafe_hash=True)
class Tier:
    """All targets of one priority, tried at the same time. ``stop``: a rule of this tier says Stop."""

    priority: int
    stop: bool
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class TraceEntry:
    rule: str
    priority: int
    outcome: RuleOutcome
