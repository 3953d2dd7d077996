"""What one check found: id, verdict, what was seen and expected, and (from the table) cause and cure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from .check import Check
from .table import CHECKS


class CheckVerdict(Enum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    NOT_RUN = "not run"


ORDER = (CheckVerdict.FAILED, CheckVerdict.WARNING, CheckVerdict.NOT_RUN, CheckVerdict.OK)
"""The worst first."""


@dataclass(frozen=True, slots=True)
class Result:
    """``domain``: the SIP domain or zone examined; ``subject``: the record, name or address this is about."""

    id: str
    verdict: CheckVerdict
    domain: str
    subject: str = ""
    seen: str = ""
    expected: str = ""
    reason: str = ""
    """Why it was not run; '' otherwise."""
    days: int | None = None
    """Of checks that look ahead: days from now until the day they are about."""

    @property
    def check(self) -> Check:
        return CHECKS[self.id]

    @property
    def mend(self) -> str:
        """'' where nothing has to be mended."""
        wrong = self.verdict in (CheckVerdict.WARNING, CheckVerdict.FAILED)
        return self.check.mend.replace("<domain>", self.domain) if wrong else ""

    def to_json(self) -> dict[str, Any]:
        symptom = self.check.symptom
        return {
            "id": self.id,
            "group": self.check.group,
            "domain": self.domain,
            "subject": self.subject,
            "verdict": self.verdict.value,
            "reason": self.reason,
            "seen": self.seen,
            "expected": self.expected,
            "ms_diagnostics": symptom.diagnostics,
            "edge_log": symptom.log,
            "hresult": symptom.hresult,
            "effect": symptom.effect,
            "mend": self.mend,
            "days": self.days,
        }


def worst(results: Iterable[Result]) -> CheckVerdict:
    """OK when there is none."""
    found = {result.verdict for result in results}
    return next((verdict for verdict in ORDER if verdict in found), CheckVerdict.OK)


@dataclass(frozen=True, slots=True)
class About:
    """What the results of some checks have in common; makes them."""

    domain: str
    subject: str = ""

    def ok(self, check: str, seen: str, *, days: int | None = None) -> Result:
        return Result(check, CheckVerdict.OK, self.domain, self.subject, seen, CHECKS[check].demand, days=days)

    def warning(self, check: str, seen: str, expected: str = "", *, days: int | None = None) -> Result:
        wanted = expected or CHECKS[check].demand
        return Result(check, CheckVerdict.WARNING, self.domain, self.subject, seen, wanted, days=days)

    def failed(self, check: str, seen: str, expected: str = "", *, days: int | None = None) -> Result:
        wanted = expected or CHECKS[check].demand
        return Result(check, CheckVerdict.FAILED, self.domain, self.subject, seen, wanted, days=days)

    def not_run(self, check: str, why: str) -> Result:
        return Result(check, CheckVerdict.NOT_RUN, self.domain, self.subject, expected=CHECKS[check].demand, reason=why)

    def none_run(self, checks: Iterable[str], why: str) -> list[Result]:
        return [self.not_run(check, why) for check in checks]
