"""Mistakes for which a plan cannot be read, as findings, so that they have ids and pages like all others."""

from __future__ import annotations

import re

from dialplan.check.witnesses.finding import Finding, FindingId, Level
from dialplan.problem import Problem

_KINDS: tuple[tuple[str, FindingId], ...] = (
    (r"unknown variable|%\w+% (?:has no value|in a replace string)", "unknown-variable"),
    (r"there is no zone|nothing can be sent to the Default Zone", "unknown-zone"),
    (r"\\\d, but the pattern has", "missing-group"),
)
"""Beginning of a message -> id; all others are ``syntax``."""


def finding_of(problem: Problem) -> Finding:
    kinds = (finding_id for pattern, finding_id in _KINDS if re.match(pattern, problem.message))
    return Finding(next(kinds, "syntax"), Level.ERROR, problem.location, problem.message, problem.hint)
