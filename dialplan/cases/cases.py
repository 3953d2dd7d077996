"""Cases: what a dial plan is expected to do with one request, and whether it does. The search is the live engine's.

A case file is a list of statements. This module holds those that ask about one request; other kinds of statement are
classes of their own beside ``Case``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import unified_diff

from dialplan.language.spelling import quoted
from dialplan.model import Location, Target, Tier, Traffic
from dialplan.search.search import Explanation

from .claims import Claim


@dataclass(frozen=True, slots=True)
class PlanStatement:
    """Which plan is tested: a configuration (``.toml``) or dial plan files, named relative to the case file."""

    file: str
    location: Location


@dataclass(frozen=True, slots=True)
class SettingStatement:
    """What a bare dial plan needs for its variables. ``name``: "domain", "address" or "system name"."""

    name: str
    value: str
    location: Location


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedTarget:
    """One target. None: any will do."""

    rule: str | None = None
    zone: str | None = None
    alias: str | None = None
    priority: int | None = None
    stop: bool | None = None

    def fits(self, tier: Tier, target: Target) -> bool:
        return (
            _same_name(self.rule, target.rule)
            and _same_name(self.zone, target.zone)
            and self.alias in (None, target.alias)
            and self.priority in (None, tier.priority)
            and self.stop in (None, tier.stop)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """None: not said."""

    targets: tuple[ExpectedTarget, ...] | None = None
    """In the order of the search; () is *no match*."""
    more: bool = False
    """Further targets may follow."""
    transform: str | None = None
    """The transform's name; '' is *no transform*."""
    searched: str | None = None
    """The alias after the transform."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    name: str
    source: str
    """The zone that the request comes from."""
    alias: str = ""
    message: str = ""
    """File with a whole request, relative to the case file."""
    traffic: Traffic | None = None
    """None: what the message, else the method, says."""
    method: str = "INVITE"
    event: str = "presence"
    authenticated: bool = False
    expected: Expected = field(default_factory=Expected)
    location: Location = field(default=Location(), compare=False)
    places: Mapping[str, Location] = field(default_factory=dict, compare=False, repr=False)


Statement = PlanStatement | SettingStatement | Case | Claim


@dataclass(frozen=True, slots=True)
class CaseFile:
    file: str
    text: str = field(repr=False)
    statements: tuple[Statement, ...]

    @property
    def plans(self) -> Iterator[PlanStatement]:
        return (one for one in self.statements if isinstance(one, PlanStatement))

    @property
    def settings(self) -> Iterator[SettingStatement]:
        return (one for one in self.statements if isinstance(one, SettingStatement))

    @property
    def cases(self) -> Iterator[Case]:
        return (one for one in self.statements if isinstance(one, Case))

    @property
    def claims(self) -> Iterator[Claim]:
        return (one for one in self.statements if isinstance(one, Claim))


def differences(case: Case, found: Explanation) -> tuple[str, ...]:
    """Lines of a diff between what is expected (-) and found (+); () when the case holds."""
    expected = case.expected
    wanted, got = [], []
    if expected.transform is not None and not _same_name(expected.transform, found.transform or ""):
        wanted.append(_transform(expected.transform))
        got.append(_transform(found.transform or ""))
    if expected.searched is not None and expected.searched != found.searched:
        wanted.append(f"searched {quoted(expected.searched)}")
        got.append(f"searched {quoted(found.searched)}")
    if expected.targets is not None and not _fit(expected, found.tiers):
        wanted += _expected_lines(expected)
        got += _found_lines(found.tiers)
    lines = list(unified_diff(wanted, got, n=len(wanted), lineterm=""))[3:]
    return tuple(f"{line[0]} {line[1:]}" for line in lines)


def _fit(expected: Expected, tiers: Iterable[Tier]) -> bool:
    """The targets of one tier are asked at the same time, so their order does not count."""
    rest = list(expected.targets or ())
    for tier in tiers:
        if not rest and expected.more:
            return True
        wanted, rest = rest[: len(tier.targets)], rest[len(tier.targets) :]
        if len(wanted) < len(tier.targets) and not expected.more:
            return False
        if not all(any(one.fits(tier, target) for target in tier.targets) for one in wanted):
            return False
        whole = len(wanted) == len(tier.targets)
        if whole and not all(any(one.fits(tier, target) for one in wanted) for target in tier.targets):
            return False
    return not rest


def _same_name(wanted: str | None, name: str) -> bool:
    """Names are compared without case."""
    return wanted is None or wanted.casefold() == name.casefold()


def _transform(name: str) -> str:
    return f"transform {quoted(name)}" if name else "no transform"


def _expected_lines(expected: Expected) -> list[str]:
    lines = [_line(one.rule, one.zone, one.alias, one.priority, one.stop) for one in expected.targets or ()]
    return [*(lines or ["no match"]), *(["more"] if expected.more else [])]


def _found_lines(tiers: Iterable[Tier]) -> list[str]:
    lines = [
        _line(target.rule, target.zone, target.alias, tier.priority, tier.stop)
        for tier in tiers
        for target in tier.targets
    ]
    return lines or ["no match"]


def _line(rule: str | None, zone: str | None, alias: str | None, priority: int | None, stop: bool | None) -> str:
    parts = [
        "" if rule is None else f"rule {quoted(rule)}",
        "" if zone is None else f"zone {quoted(zone)}",
        "" if alias is None else f"as {quoted(alias)}",
        "" if priority is None else f"priority {priority}",
        "" if stop is None else "stop" if stop else "continue",
    ]
    return " ".join(part for part in parts if part)
