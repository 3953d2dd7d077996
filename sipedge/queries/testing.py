"""Case files and the plans they name -> the queries that the edge would make, ready to be asked of any plan."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv6Address, ip_address

from dialplan.analysis import Sender, senders_of
from dialplan.cases.cases import Case, CaseFile, PlanStatement, SettingStatement, differences
from dialplan.cases.claims import Claim
from dialplan.cases.claims_proof import ClaimAnswer, ClaimVerdict, Prover
from dialplan.cases.coverage import coverage
from dialplan.cases.parser import parse_cases
from dialplan.language.parser import parse_dialplan
from dialplan.model import Dialplan, Entry, Location, Query, Variables
from dialplan.notes import source_line
from dialplan.problem import DialplanError, Problem, suggestion
from dialplan.search.search import CompiledPlan, Explanation
from sipedge.config import load_config
from sipedge.config.reading.texts import OnDisk, Texts
from sipedge.settings import Settings
from zones.names import plain_host, to_ascii

from .bare import bare_settings
from .query import DescribedRequest, QueryError, query_of, read_request, zone_named
from .senders import senders_of_zones
from .voices import ZoneVoices

METHODS = (
    *("INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "PRACK", "UPDATE", "INFO", "REFER", "MESSAGE"),
    *("SUBSCRIBE", "NOTIFY", "PUBLISH", "BENOTIFY", "SERVICE", "NEGOTIATE"),
)
"""Others are methods, too (RFC 3261 27.4), where their names are like none of these."""


@dataclass(frozen=True, slots=True)
class CaseQuery:
    """A case with the query that it makes."""

    case: Case
    query: Query
    evidence: str
    """What decided the traffic type."""


@dataclass(frozen=True, slots=True)
class CaseResult:
    question: CaseQuery
    explanation: Explanation
    differences: tuple[str, ...]
    """A diff; () when the case holds."""


@dataclass(slots=True)
class Suite:
    """All cases and claims of one plan."""

    names: tuple[str, ...]
    """The configuration, or the dial plan files, as paths."""
    settings: Settings
    questions: list[CaseQuery] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    _voices: ZoneVoices = field(init=False)

    def __post_init__(self) -> None:
        self._voices = ZoneVoices(self.settings)

    def answers(self) -> list[CaseResult]:
        plan = self.settings.plan
        results = []
        for question in self.questions:
            explanation = plan.search(question.query)
            results.append(CaseResult(question, explanation, differences(question.case, explanation)))
        return results

    def claim_answers(self, plan: CompiledPlan | None = None) -> list[ClaimAnswer]:
        """``plan``: another one than the suite's own."""
        if not self.claims:
            return []
        plan = plan or self.settings.plan
        prover = Prover(plan, self._senders(), self.claims, self._voices)
        return [prover.answer(claim) for claim in self.claims]

    def holds(self, plan: CompiledPlan) -> bool:
        """Whether all cases and claims hold in another plan; stops at the first case that does not."""
        if any(differences(each.case, plan.search(each.query)) for each in self.questions):
            return False
        return all(answer.verdict is ClaimVerdict.PROVED for answer in self.claim_answers(plan))

    def _senders(self) -> tuple[Sender, ...]:
        if self.settings.zones:
            return senders_of_zones(self.settings.zones)
        return senders_of(self.settings.plan.dialplan)


def load_suites(texts: Iterable[tuple[str, str]], plans: Texts | None = None) -> list[Suite]:
    """``texts``: (file, its text). Files about the same plan make one suite. ``plans``: where the plans are read, None
    for the disk.

    Raises DialplanError when case files or dial plans have mistakes, ConfigError when a configuration has.
    """
    suites: dict[tuple[str, ...], Suite] = {}
    for file, text in texts:
        cases = parse_cases(text, file)
        key = (*_paths(cases), *(f"{setting.name} {setting.value}" for setting in cases.settings))
        if key not in suites:
            suites[key] = Suite(tuple(_paths(cases)), _settings(cases, plans or OnDisk()))
        suites[key].questions += _questions(cases, suites[key].settings)
        suites[key].claims += _claims(cases, suites[key].settings)
    return list(suites.values())


def reached(suites: Iterable[Suite]) -> dict[tuple[type[Entry], str], list[Case]]:
    """Kind and name of a transform or rule -> the cases that reach it, each in its own suite's plan."""
    found: dict[tuple[type[Entry], str], list[Case]] = {}
    for suite in suites:
        plan = suite.settings.plan
        for question in suite.questions:
            for entry in coverage(plan.dialplan, [plan.search(question.query)]).reached:
                found.setdefault((type(entry), entry.name), []).append(question.case)
    return found


def _paths(cases: CaseFile) -> list[str]:
    return [_beside(cases, plan.file) for plan in cases.plans]


def _beside(cases: CaseFile, name: str) -> str:
    return os.path.join(os.path.dirname(cases.file), name)


def _settings(cases: CaseFile, texts: Texts) -> Settings:
    plans = list(cases.plans)
    if not plans:
        hint = 'write: plan "edge.toml" (or plan "rules.dialplan")'
        raise DialplanError([Problem(Location(cases.file, 1, 1), "no plan to test", hint)])
    if not any(plan.file.endswith(".toml") for plan in plans):
        return _bare(cases, plans, texts)
    extras: list[PlanStatement | SettingStatement] = [*plans[1:], *cases.settings]
    for extra in extras:
        message = "a configuration says all there is to know of its plan"
        raise _error(cases, extra.location, message, "leave this out, or name dial plan files only")
    return load_config(_beside(cases, plans[0].file), create_secret=False, texts=texts)


def _bare(cases: CaseFile, plans: list[PlanStatement], texts: Texts) -> Settings:
    """Dial plan files without a configuration: no zones, and only the variables that the case file sets."""
    domains = tuple(setting.value for setting in cases.settings if setting.name == "domain")
    system_name = next((setting.value for setting in cases.settings if setting.name == "system name"), "")
    addresses = [_address(cases, setting) for setting in cases.settings if setting.name == "address"]
    variables = Variables(
        ipv4=tuple(str(address) for address in addresses if address.version == 4),
        ipv6=tuple(str(address) for address in addresses if address.version == 6),
        domains=domains,
        system_name=system_name,
    )
    whole = Dialplan()
    for plan in plans:
        whole += _read(cases, plan, texts)
    return bare_settings(whole, variables)


def _address(cases: CaseFile, setting: SettingStatement) -> IPv4Address | IPv6Address:
    try:
        return ip_address(setting.value)
    except ValueError as error:
        raise _error(cases, setting.location, str(error), 'write: address "192.0.2.1"') from None


def _read(cases: CaseFile, plan: PlanStatement, texts: Texts) -> Dialplan:
    path = _beside(cases, plan.file)
    try:
        return parse_dialplan(texts.read(path).decode(), path)
    except OSError as error:
        raise _error(cases, plan.location, f'"{path}" cannot be read: {error.strerror}', "") from None
    except UnicodeDecodeError:
        raise _error(cases, plan.location, f'"{path}" is not UTF-8 text', "save the file as UTF-8") from None


def _questions(cases: CaseFile, settings: Settings) -> list[CaseQuery]:
    questions: list[CaseQuery] = []
    problems: list[Problem] = []
    for case in cases.cases:
        try:
            case = replace(case, source=zone_named(case.source, settings))
        except QueryError as error:
            problems += _error(cases, case.places["from zone"], str(error), "").problems
            continue
        problems += _unknown_words(cases, case, settings)
        try:
            questions.append(CaseQuery(case, *query_of(_request(cases, case), settings)))
        except QueryError as error:
            place = case.places.get("message") or case.places["alias"]
            problems += _error(cases, place, str(error), "").problems
    if problems:
        raise DialplanError(problems)
    return questions


def _unknown_words(cases: CaseFile, case: Case, settings: Settings) -> Iterator[Problem]:
    """A zone or method that is a slip of the pen would be a case that fails for no reason of the plan's."""
    for target in case.expected.targets or ():
        try:
            zone_named(target.zone or case.source, settings)
        except QueryError as error:
            yield from _error(cases, case.places.get("expect", case.location), str(error), "").problems
    meant = "" if case.method in METHODS else suggestion(case.method, METHODS)
    if meant:
        yield from _error(cases, case.places["method"], f'"{case.method}" is no method of RFC 3261', meant).problems


def _claims(cases: CaseFile, settings: Settings) -> list[Claim]:
    """With every zone they name as it is written there, and every variable known."""
    problems: list[Problem] = []
    known: list[Claim] = []
    for claim in cases.claims:
        try:
            sources = tuple(zone_named(zone, settings) for zone in claim.sources)
            targets = tuple(zone_named(zone, settings) for zone in claim.targets)
            domain = _domain(claim.domain, settings)
            known.append(replace(claim, sources=sources, targets=targets, domain=domain))
            Prover(CompiledPlan(Dialplan(), settings.plan.variables), (), [claim])
        except QueryError as error:
            problems += _error(cases, claim.location, str(error), "").problems
        except DialplanError as error:
            first = error.problems[0]
            problems += _error(cases, claim.location, first.message, first.hint).problems
    if problems:
        raise DialplanError(problems)
    return known


def _domain(text: str, settings: Settings) -> str:
    """In its one spelling; '' as it is. Raises QueryError."""
    if text and not settings.zones:
        raise QueryError("a dial plan alone does not say who may write a domain into From: name the edge.toml")
    if text and not to_ascii(text):
        raise QueryError(f'"{text}" is not a domain')
    return plain_host(text)


def _request(cases: CaseFile, case: Case) -> DescribedRequest:
    return DescribedRequest(
        source=case.source,
        alias=case.alias,
        message=read_request(_beside(cases, case.message)) if case.message else None,
        traffic=case.traffic,
        method=case.method,
        event=case.event,
        authenticated=case.authenticated,
    )


def _error(cases: CaseFile, place: Location, message: str, hint: str) -> DialplanError:
    return DialplanError([Problem(place, message, hint, source_line({cases.file: cases.text}, place))])
