"""The case files of a configuration, asked of a draft of it."""

from __future__ import annotations

import os
from typing import TypedDict

from dialplan.cases.claims_proof import ClaimVerdict
from dialplan.problem import DialplanError
from sipedge.config import ConfigError
from sipedge.config.reading.texts import Texts
from sipedge.queries.testing import Suite, load_suites

ENDING = ".cases"
MAX_FILES = 200


class CasesJson(TypedDict):
    held: int
    """Cases and claims."""
    failed: list[str]
    """Each in a few lines: which, and what is different."""
    broken: list[str]
    """Files that cannot be asked, and why."""


def ask_cases(config: str, texts: Texts) -> CasesJson:
    """Those in the folder of ``config`` that name a file of its. ``texts``: of the draft."""
    answer: CasesJson = {"held": 0, "failed": [], "broken": []}
    for file in case_files(config):
        try:
            with open(file, encoding="utf-8") as stream:
                suites = load_suites([(file, stream.read())], texts)
        except (OSError, UnicodeDecodeError, DialplanError, ConfigError) as error:
            answer["broken"].append(f"{file}: {error}" if isinstance(error, OSError) else str(error))
            continue
        for suite in suites:
            _add(answer, suite)
    return answer


def case_files(config: str) -> list[str]:
    folder = os.path.dirname(os.path.abspath(config))
    names = sorted(name for name in os.listdir(folder) if name.endswith(ENDING))
    return [os.path.join(folder, name) for name in names[:MAX_FILES]]


def _add(answer: CasesJson, suite: Suite) -> None:
    for result in suite.answers():
        case = result.question.case
        if result.differences:
            answer["failed"].append("\n".join([f'{case.location}: "{case.name}" fails', *result.differences]))
        else:
            answer["held"] += 1
    for claim in suite.claim_answers():
        if claim.verdict is ClaimVerdict.PROVED:
            answer["held"] += 1
        else:
            head = f"{claim.claim.location}: {claim.verdict.value}: {claim.claim.text}"
            answer["failed"].append("\n".join(filter(None, [head, claim.reason])))
