"""Findings of small plans in tests."""

from __future__ import annotations

from collections.abc import Sequence

from dialplan.analysis import Sender
from dialplan.check import Finding, report

from .plans import compiled

RULE = """search rule "{name}" {{
    priority {priority}
    mode alias pattern match
    pattern type {kind}
    pattern "{pattern}"
    behavior {behavior}
    on successful match {match}
    target zone "{zone}"
}}
"""
TRANSFORM = """transform "{name}" {{
    priority {priority}
    pattern type regex
    pattern "{pattern}"
    behavior replace
    replace "{replace}"
}}
"""


def rule(
    name: str,
    priority: int,
    pattern: str,
    zone: str = "A",
    kind: str = "regex",
    match: str = "stop",
    behavior: str = "leave",
) -> str:
    return RULE.format(
        name=name, priority=priority, pattern=pattern, zone=zone, kind=kind, match=match, behavior=behavior
    )


def transform(name: str, priority: int, pattern: str, replace: str) -> str:
    return TRANSFORM.format(name=name, priority=priority, pattern=pattern, replace=replace)


def found(text: str, kind: str, senders: Sequence[Sender] | None = None) -> list[Finding]:
    """Findings of one id; everything that was found is confirmed by the engine."""
    made = report(compiled(text), senders)
    assert made.refuted == ()
    return [one for one in made.findings if one.id == kind]


def told(text: str, kind: str, senders: Sequence[Sender] | None = None) -> list[tuple[str, str, str | None]]:
    """(level, rule, the witness's alias)."""
    return [
        (one.level.value, one.name, one.witness.alias if one.witness else None) for one in found(text, kind, senders)
    ]
