"""The case files of a draft, asked of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypedDict

from dialplan.cases.claims_proof import ClaimVerdict
from dialplan.model import Entry, Location
from dialplan.problem import DialplanError, Problem
from sipedge.config import ConfigError
from sipedge.config.case_files import ENDING, read_case_files
from sipedge.config.reading.files import in_folder_of
from sipedge.config.reading.texts import OnDisk
from sipedge.queries.testing import Suite, load_suites, reached
from sipedge.revisions.files import FileSet


class SaidJson(TypedDict):
    """A case or claim that does not hold, or why a file cannot be asked."""

    file: str
    """Its name in the draft; '' for one that is no part of it."""
    line: int
    text: str
    """A few lines, the place in the first one."""


class CasesJson(TypedDict):
    held: int
    """Cases and claims."""
    failed: list[SaidJson]
    """Those that do not hold: which, and what is different."""
    broken: list[SaidJson]
    """Files that cannot be asked, and why."""
    uncovered: list[str]
    """Rules and transforms that are new or changed and that no case reaches."""


def no_cases() -> CasesJson:
    return {"held": 0, "failed": [], "broken": [], "uncovered": []}


def ask_cases(config: str, files: FileSet, changed: Iterable[Entry] = ()) -> CasesJson:
    """``changed``: transforms and rules that are new or different."""
    answer, suites = no_cases(), list[Suite]()
    paths = {in_folder_of(config, name): name for name in files.cases}
    for path, name in paths.items():
        try:
            suites += load_suites([(path, files.cases[name])], files.at(config))
        except (DialplanError, ConfigError) as error:
            answer["broken"].append(_said(error.problems[0].location, str(error), paths))
    for suite in suites:
        _add(answer, suite, paths)
    answer["broken"] += [_said(each.location, str(each), {}) for each in _left_out(config, files)]
    covered = reached(suites)
    answer["uncovered"] = [
        f'{each.kind.value} "{each.name}"'
        for each in changed
        if each.enabled and (type(each), each.name) not in covered
    ]
    return answer


def _left_out(config: str, files: FileSet) -> list[Problem]:
    """What lies there and could be no part of the draft."""
    plans = [name for name in list(files.texts)[1:] if not name.endswith(ENDING)]
    return read_case_files(config, plans, OnDisk()).left_out


def _add(answer: CasesJson, suite: Suite, paths: dict[str, str]) -> None:
    for result in suite.answers():
        case = result.question.case
        if result.differences:
            text = "\n".join([f'{case.location}: "{case.name}" fails', *result.differences])
            answer["failed"].append(_said(case.location, text, paths))
        else:
            answer["held"] += 1
    for claim in suite.claim_answers():
        if claim.verdict is ClaimVerdict.PROVED:
            answer["held"] += 1
        else:
            head = f"{claim.claim.location}: {claim.verdict.value}: {claim.claim.text}"
            text = "\n".join(filter(None, [head, claim.reason]))
            answer["failed"].append(_said(claim.claim.location, text, paths))


def _said(place: Location, text: str, paths: dict[str, str]) -> SaidJson:
    """``paths``: of the draft's case files -> their names."""
    return {"file": paths.get(place.file, ""), "line": place.line, "text": text}
