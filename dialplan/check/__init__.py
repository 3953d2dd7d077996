"""The linter: mistakes and surprises in a plan, found without traffic, each with a request that shows it."""

from dialplan.check.witnesses.assumed import assumed_variables
from dialplan.check.witnesses.finding import IDS, Finding, FindingId, Level, query_json, query_text

from .problems import finding_of
from .run import Report, findings, report

__all__ = [
    "IDS",
    "Finding",
    "FindingId",
    "Level",
    "Report",
    "assumed_variables",
    "finding_of",
    "findings",
    "query_json",
    "query_text",
    "report",
]
