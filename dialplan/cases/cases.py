"""Cases: the targets that a dial plan is expected to give one request, compared with a search.

A case file is a list of statements. Here are those about one request; claims are in ``claims.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import unified_diff
from typing import Literal

from dialplan.language.spelling import quoted
from dialplan.model import Location, Target, Tier, Traffic
from dialplan.search.search import Explanation

from .claims import Claim


@dataclass(frozen=True, slots=True)
class PlanStatement:
    """The plan under test: a configuration (``.toml``) or a dial plan file, relative to the case file."""

    file: str
    location: Location


SettingName = Literal["domain", "address", "system name"]


@dataclass(frozen=True, slots=True)
class SettingStatement:
    """A value for the variables of a dial plan that is tested without a configuration."""

    name: SettingName
    value: str
    location: Location


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedTarget:
    """One target. None: any value will do."""

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
    """The expectations of one case. None: the case expects nothing here."""

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
    """None: it follows from the message, or else from the method."""
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
        return (statement for statement in self.statements if isinstance(statement, PlanStatement))

    @property
    def settings(self) -> Iterator[SettingStatement]:
        return (statement for statement in self.statements if isinstance(statement, SettingStatement))

    @property
    def cases(self) -> Iterator[Case]:
        return (statement for statement in self.statements if isinstance(statement, Case))

    @property
    def claims(self) -> Iterator[Claim]:
        return (statement for statement in self.statements if isinstance(statement, Claim))


def differences(case: Case, explanation: Explanation) -> tuple[str, ...]:
    """Lines of a diff from the expectations (-) to the search (+); () when the case holds."""
    expected = case.expected
    wanted, got = [], []
    if expected.transform is not None and not _same_name(expected.transform, explanation.transform or ""):
        wanted.append(_transform(expected.transform))
        got.append(_transform(explanation.transform or ""))
    if expected.searched is not None and expected.searched != explanation.searched:
        wanted.append(f"searched {quoted(expected.searched)}")
        got.append(f"searched {quoted(explanation.searched)}")
    if expected.targets is not None and not _fit(expected, explanation.tiers):
        wanted += _expected_lines(expected)
        got += tier_lines(explanation.tiers)
    lines = list(unified_diff(wanted, got, n=len(wanted), lineterm=""))[3:]
    return tuple(f"{line[0]} {line[1:]}" for line in lines)


def _fit(expected: Expected, tiers: Iterable[Tier]) -> bool:
    """Whether the tiers are the expected ones. The order of targets inside a tier does not count."""
    rest = list(expected.targets or ())
    for tier in tiers:
        if not rest and expected.more:
            return True
        wanted, rest = rest[: len(tier.targets)], rest[len(tier.targets) :]
        if len(wanted) < len(tier.targets) and not expected.more:
            return False
        if not all(any(expectation.fits(tier, target) for target in tier.targets) for expectation in wanted):
            return False
        whole = len(wanted) == len(tier.targets)
        if whole and not all(any(expectation.fits(tier, target) for expectation in wanted) for target in tier.targets):
            return False
    return not rest


def _same_name(wanted: str | None, name: str) -> bool:
    """Names are compared without case."""
    return wanted is None or wanted.casefold() == name.casefold()


def _transform(name: str) -> str:
    return f"transform {quoted(name)}" if name else "no transform"


def _expected_lines(expected: Expected) -> list[str]:
    targets = expected.targets or ()
    lines = [_line(target.rule, target.zone, target.alias, target.priority, target.stop) for target in targets]
    return [*(lines or ["no match"]), *(["more"] if expected.more else [])]


def tier_lines(tiers: Iterable[Tier]) -> list[str]:
    """As a case would expect them, a target a line."""
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
