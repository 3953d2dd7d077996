"""Mistakes that keep a plan from being read at all, as findings: for ``--json``, and for their pages."""

from __future__ import annotations

import re

from dialplan.check.witnesses.finding import Finding, Level
from dialplan.problem import Problem

_KINDS = (
    (r"unknown variable|%\w+% (?:has no value|in a replace string)", "unknown-variable"),
    (r"there is no zone|nothing can be sent to the Default Zone", "unknown-zone"),
    (r"\\\d, but the pattern has", "missing-group"),
)
"""Beginning of a message -> id; all others are ``syntax``."""


def finding_of(problem: Problem) -> Finding:
    kind = next((kind for pattern, kind in _KINDS if re.match(pattern, problem.message)), "syntax")
    return Finding(kind, Level.ERROR, problem.location, problem.message, problem.hint)
