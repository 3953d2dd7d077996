"""The linter: what is wrong or surprising in a plan, found without traffic; ``findings(plan, senders)`` is all."""

from .finding import Finding, Level, query_json, query_text
from .run import IDS, Report, findings, report

__all__ = ["IDS", "Finding", "Level", "Report", "findings", "query_json", "query_text", "report"]
