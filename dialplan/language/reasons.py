"""Why a rule did or did not apply, in words: its condition as it is written, and what stands against it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dialplan.model import Location, Mode, OnMatch, Outcome, Query, SearchRule, SourceMode
from dialplan.search.search import Explanation

from .fields import Kind
from .format import quoted, word_of


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule's part in a search."""

    rule: str
    priority: int
    outcome: Outcome
    text: str
    """``matched``, or the condition that failed and why; free of line ends, not of other control characters."""
    location: Location
    """Where the condition is written; the rule, when the condition is a default."""

    def to_json(self) -> dict[str, Any]:
        return {
            "rule": self.rule,
            "priority": self.priority,
            "outcome": self.outcome.value,
            "reason": self.text,
            "location": str(self.location),
        }


_FIELD = {
    Outcome.PATTERN: "pattern",
    Outcome.MODE: "mode",
    Outcome.SOURCE: "source",
    Outcome.TRAFFIC: "traffic type",
    Outcome.PROTOCOL: "protocol",
    Outcome.AUTHENTICATION: "authenticated",
    Outcome.DISABLED: "state",
}


def reasons(explanation: Explanation) -> tuple[Reason, ...]:
    """One for every rule, in the order of the search."""
    found = []
    for compiled, entry in zip(explanation.plan.rules, explanation.trace, strict=True):
        rule = compiled.rule
        place = rule.places.get(_FIELD.get(entry.outcome, ""), rule.location)
        found.append(Reason(rule.name, rule.priority, entry.outcome, _text(rule, entry.outcome, explanation), place))
    return tuple(found)


def _text(rule: SearchRule, outcome: Outcome, explanation: Explanation) -> str:
    if outcome in (Outcome.MATCHED, Outcome.DISABLED):
        return str(outcome.value)
    if outcome is Outcome.STOPPED:
        return f"not reached: {_stopping(explanation)} says stop"
    if outcome is Outcome.PATTERN:
        condition = f"{rule.pattern_type.value} {quoted(rule.pattern)}"
        return f"pattern {condition} does not match {explanation.searched}"
    if outcome is Outcome.MODE:
        either = "not an IP address" if rule.mode is Mode.ANY_IP_ADDRESS else "an IP address"
        return f"mode {rule.mode.value}, but {explanation.searched} is {either}"
    return _about_request(rule, outcome, explanation.query)


def _about_request(rule: SearchRule, outcome: Outcome, query: Query) -> str:
    if outcome is Outcome.SOURCE:
        named = rule.source is SourceMode.NAMED
        source = f"zone {quoted(rule.source_name)}" if named else rule.source.value
        return f"source {source}, but it comes from {query.source}"
    if outcome is Outcome.TRAFFIC:
        return f"traffic type {rule.traffic_type.value}, but it is {query.traffic.value}"
    if outcome is Outcome.PROTOCOL:
        return f"protocol {rule.protocol.value}, but it is {query.protocol.value}"
    return f"authenticated {word_of(Kind.SEARCH_RULE, 'authenticated', True)}, but it is not"


def _stopping(explanation: Explanation) -> str:
    """The rule behind which nothing was looked at: the first of the last tier that says stop."""
    last = explanation.tiers[-1].priority
    pairs = zip(explanation.plan.rules, explanation.trace, strict=True)
    return quoted(
        next(
            one.name
            for one, entry in pairs
            if one.priority == last and entry.outcome is Outcome.MATCHED and one.rule.on_match is OnMatch.STOP
        )
    )
