"""The linter: what is wrong or surprising in a plan, found without traffic; ``findings(plan, senders)`` is all."""

from dialplan.check.witnesses.assumed import assumed_variables
from dialplan.check.witnesses.finding import Finding, Level, query_json, query_text

from .problems import finding_of
from .run import IDS, Report, findings, report

__all__ = [
    "IDS",
    "Finding",
    "Level",
    "Report",
    "assumed_variables",
    "finding_of",
    "findings",
    "query_json",
    "query_text",
    "report",
]
