"""The questions of the nightly report, each answered for the live box beside what was pulled."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from dialplan.analysis import common_senders, compare, route_text
from dialplan.cases.claims_proof import ClaimVerdict
from dialplan.check import Level, findings, query_text
from dialplan.importers.xconfiguration import Dump
from dialplan.model import LOCAL_ZONE, OnMatch
from dialplan.problem import DialplanError
from dialplan.search.search import CompiledPlan
from sipedge.cli.files import read_text
from sipedge.cli.plans import LoadedPlan
from sipedge.cli.printing import amount
from sipedge.config import ConfigError
from sipedge.expressway.changes import changes
from sipedge.expressway.page import Part
from sipedge.expressway.usages import judge
from sipedge.importing.expressway import CONFIG
from sipedge.notify_return import GivenNames, LinkReport, edges_of, links_of, prove
from sipedge.queries.senders import senders_of_zones
from sipedge.queries.testing import Suite, load_suites
from sipedge.settings import Settings

from .live import SETTINGS


@dataclass(frozen=True, slots=True)
class Sides:
    """The box as it was pulled and as it is."""

    folder: Path
    old: Settings
    new: Settings
    old_dump: Dump
    new_dump: Dump


def settings_part(sides: Sides) -> Part:
    found = changes(sides.old_dump, sides.new_dump)
    return Part("Settings that changed", not found, tuple(found))


def decisions_part(sides: Sides) -> Part:
    old, new = (LoadedPlan(each.plan, senders_of_zones(each.zones), "") for each in (sides.old, sides.new))
    comparison = compare(old.plan, new.plan, common_senders(old.senders, new.senders))
    lines: list[str] = []
    for difference in comparison.differences:
        lines += [
            query_text(difference.witness),
            f"  - {route_text(difference.old)}",
            f"  + {route_text(difference.new)}",
        ]
    lines += [f"not proved: {text}" for text in comparison.unproved]
    return Part("Requests that go another way", not lines, tuple(lines))


def findings_part(sides: Sides) -> Part:
    """Good when the box has no error and no warning that it did not have when it was pulled."""
    old, new = (dict(_findings(each)) for each in (sides.old, sides.new))
    fresh = [f"new: {text}" for text in new if text not in old]
    known = [f"as before: {text}" for text in new if text in old]
    return Part("Findings of check", not fresh, (*fresh, *known))


def _findings(settings: Settings) -> Iterator[tuple[str, Level]]:
    for finding in findings(settings.plan, senders_of_zones(settings.zones)):
        if finding.level is not Level.NOTE:
            example = f", for example {query_text(finding.witness)}" if finding.witness else ""
            yield f"{finding.level.value}: {finding.why} [{finding.id}]{example}", finding.level


def way_back_part(
    boxes: Sequence[tuple[str, Settings]], pairs: Sequence[tuple[str, Settings]], given: GivenNames
) -> Part:
    """``pairs``: (file, what it says); a file that stands beside settings of a box is a box, too."""
    edges = [(host, _without_local_looks(settings)) for host, settings in boxes]
    for file, settings in pairs:
        is_box = Path(file).with_name(SETTINGS).exists()
        edges.append((file, _without_local_looks(settings) if is_box else settings))
    links, problems = links_of(edges_of(edges))
    if not links and not problems:
        problems = ["none of them has a traversal client zone, so no two of them are a pair"]
    reports = [prove(link, given) for link in links]
    lines = [*problems, *(line for report in reports for line in _losses(report))]
    return Part("The way back of NOTIFY", not problems and all(report.passed for report in reports), tuple(lines))


def _losses(report: LinkReport) -> Iterator[str]:
    for gap in report.gaps:
        for loss in gap.losses:
            sure = "" if loss.notify.certain else ", if the peer record-routes SUBSCRIBE"
            what = f"NOTIFY to {loss.notify.label}{sure} is lost: {loss.reason}"
            yield f"{gap.level.value}: {gap.edge.name}: {what}"
    yield from (f"{report.link}: not proved: {text}" for text in report.unproved)


def _without_local_looks(settings: Settings) -> Settings:
    """A box without its rules that look into the Local Zone and go on.

    It answers them itself, at once, so that even a BENOTIFY, which gets no response, comes to the next rule. This edge
    sends a BENOTIFY to the first tier only, and the proof is about this edge.
    """
    plan = settings.plan.dialplan
    kept = [rule for rule in plan.rules if rule.target != LOCAL_ZONE or rule.on_match is not OnMatch.CONTINUE]
    return replace(settings, plan=CompiledPlan(replace(plan, rules=tuple(kept)), settings.plan.variables))


def cases_part(boxes: Sequence[Sides], files: Sequence[str]) -> Part:
    """Raises DialplanError or ConfigError for files with mistakes."""
    lines: list[str] = []
    good = True
    for suite in load_suites([(file, read_text(file)) for file in files]):
        failures = _failures(suite, boxes)
        good = good and not failures
        counts = f"{amount(len(suite.questions), 'case')} and {amount(len(suite.claims), 'claim')}"
        lines += failures or [f"{', '.join(suite.names)}: {counts} hold"]
    return Part("Cases and claims", good, tuple(lines))


def _failures(suite: Suite, boxes: Sequence[Sides]) -> list[str]:
    """Of cases and claims about a pulled configuration, asked of the live one."""
    sides = next((sides for sides in boxes if _is_about(suite, sides.folder / CONFIG)), None)
    if sides is None:
        wanted = " or ".join(str(sides.folder / CONFIG) for sides in boxes)
        return [f"{', '.join(suite.names)} is not {wanted}: only cases about the box are asked"]
    suite.settings = sides.new
    lines = []
    for answer in suite.answers():
        case = answer.question.case
        lines += [f'{case.location}: "{case.name}": {line}' for line in answer.differences]
    for claim in suite.claim_answers():
        if claim.verdict is not ClaimVerdict.PROVED:
            lines.append(f"{claim.claim.location}: {claim.verdict.value}: {claim.claim.text} {claim.reason}".rstrip())
    return lines


def _is_about(suite: Suite, pulled: Path) -> bool:
    return all(os.path.exists(name) and os.path.samefile(name, pulled) for name in suite.names)


def usages_part(certificates: Sequence[tuple[str, bytes | str]]) -> Part:
    """``certificates``: (whose, PEM or the sentence why there is none)."""
    now = datetime.now(UTC)
    good, lines = True, []
    for whose, pem in certificates:
        if isinstance(pem, str):
            good, text = False, pem
        else:
            verdict = judge(pem, now)
            good, text = good and verdict.good, verdict.text
        lines.append(f"{whose}: {text}")
    return Part("Certificates and clientAuth", good, tuple(lines))


CONFIG_ERRORS = (DialplanError, ConfigError)
