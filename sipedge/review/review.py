"""One draft reviewed: its texts, mistakes, findings, where requests go otherwise, cases, recorded requests.

It takes seconds for a large plan, so it is made in a process of its own (``apart``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import unified_diff
from typing import TypedDict

from dialplan.analysis import Difference, common_senders, compare, likewise_text, route_text
from dialplan.check import Finding, findings, query_text
from sipedge.config import ConfigError, load_config
from sipedge.control.refusal import Refused
from sipedge.history.wish import Asked
from sipedge.queries.senders import senders_of_zones
from sipedge.revisions.files import FileSet, set_of
from sipedge.settings import Settings

from .cases import CasesJson, ask_cases, no_cases
from .recorded import RecordedJson, recorded

CONTEXT = 3
"""Lines around a change that are shown."""


class FileDiffJson(TypedDict):
    name: str
    added: int
    """Lines."""
    removed: int
    lines: list[str]
    """As of diff -u, without its head."""


class FindingJson(TypedDict):
    place: str
    level: str
    why: str
    mend: str
    id: str


class DifferenceJson(TypedDict):
    """Requests that go another way."""

    request: str
    """A witness, in words."""
    likewise: str
    """Further zones and traffic of which it holds; ''."""
    old: str
    new: str


class ReviewJson(TypedDict):
    """With ``problems`` only ``files`` is filled, too."""

    base: str
    digest: str
    """Of the draft; '' where it cannot be read."""
    files: list[FileDiffJson]
    problems: list[str]
    """Mistakes, each with its place."""
    findings: list[FindingJson]
    """Of the linter, those that the base has not."""
    differences: list[DifferenceJson]
    unproved: list[str]
    """What could not be compared; without it the list of differences is proved to be whole."""
    cases: CasesJson
    recorded: RecordedJson


def review(config: str, base: FileSet, texts: Mapping[str, str], asked: Iterable[Asked] = ()) -> ReviewJson:
    """``texts``: of the draft. ``asked``: what the edge was asked lately."""
    answer = _empty(base, texts)
    try:
        new = set_of(config, texts)
        answer["digest"] = new.digest
        before = load_config(config, create_secret=False, texts=base.at(config))
        after = load_config(config, create_secret=False, texts=new.at(config))
    except (Refused, ConfigError) as error:
        answer["problems"] = [str(problem) for problem in error.problems] or [str(error)]
        return answer
    senders = senders_of_zones(before.zones), senders_of_zones(after.zones)
    comparison = compare(before.plan, after.plan, common_senders(*senders))
    answer["findings"] = _new_findings(before, after)
    answer["differences"] = [_difference_json(each) for each in comparison.differences]
    answer["unproved"] = list(comparison.unproved)
    known = set(before.plan.dialplan.entries)
    answer["cases"] = ask_cases(config, new, [each for each in after.plan.dialplan.entries if each not in known])
    answer["recorded"] = recorded(before.plan, after.plan, asked)
    return answer


def file_diffs(old: Mapping[str, str], new: Mapping[str, str]) -> list[FileDiffJson]:
    """Of the files that differ."""
    names = list(dict.fromkeys([*old, *new]))
    return [_file_diff(name, old.get(name, ""), new.get(name, "")) for name in names if old.get(name) != new.get(name)]


def _file_diff(name: str, old: str, new: str) -> FileDiffJson:
    lines = [*unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=CONTEXT)][2:]
    added, removed = (sum(line.startswith(sign) for line in lines) for sign in "+-")
    return {"name": name, "added": added, "removed": removed, "lines": lines}


def _empty(base: FileSet, texts: Mapping[str, str]) -> ReviewJson:
    return {
        "base": base.digest,
        "digest": "",
        "files": file_diffs(base.texts, texts),
        "problems": [],
        "findings": [],
        "differences": [],
        "unproved": [],
        "cases": no_cases(),
        "recorded": {"requests": 0, "changed": 0, "groups": [], "whole": True},
    }


def _new_findings(before: Settings, after: Settings) -> list[FindingJson]:
    known = {_same(finding) for finding in findings(before.plan, senders_of_zones(before.zones))}
    found = findings(after.plan, senders_of_zones(after.zones))
    return [_finding_json(finding) for finding in found if _same(finding) not in known]


def _same(finding: Finding) -> tuple[str, str]:
    """A finding of the base is known even where it stands on another line."""
    return finding.id, finding.why


def _finding_json(finding: Finding) -> FindingJson:
    place, level = str(finding.location), finding.level.value
    return {"place": place, "level": level, "why": finding.why, "mend": finding.mend, "id": finding.id}


def _difference_json(difference: Difference) -> DifferenceJson:
    return {
        "request": query_text(difference.witness),
        "likewise": likewise_text(difference.conditions),
        "old": route_text(difference.old),
        "new": route_text(difference.new),
    }
