"""Why a rule did or did not apply, in words: its condition as it is written, and what stands against it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dialplan.model import Location, Mode, OnMatch, Query, RuleOutcome, SearchRule, SourceMode
from dialplan.search.search import Explanation

from .fields import BlockKind
from .format import quoted, word_of


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule's part in a search."""

    rule: str
    priority: int
    outcome: RuleOutcome
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
    RuleOutcome.PATTERN: "pattern",
    RuleOutcome.MODE: "mode",
    RuleOutcome.SOURCE: "source",
    RuleOutcome.TRAFFIC: "traffic type",
    RuleOutcome.PROTOCOL: "protocol",
    RuleOutcome.AUTHENTICATION: "authenticated",
    RuleOutcome.DISABLED: "state",
}


def reasons(explanation: Explanation) -> tuple[Reason, ...]:
    """One for every rule, in the order of the search."""
    found = []
    for compiled, entry in zip(explanation.plan.rules, explanation.trace, strict=True):
        rule = compiled.rule
        place = rule.places.get(_FIELD.get(entry.outcome, ""), rule.location)
        found.append(Reason(rule.name, rule.priority, entry.outcome, _text(rule, entry.outcome, explanation), place))
    return tuple(found)


def _text(rule: SearchRule, outcome: RuleOutcome, explanation: Explanation) -> str:
    if outcome in (RuleOutcome.MATCHED, RuleOutcome.DISABLED):
        return str(outcome.value)
    if outcome is RuleOutcome.STOPPED:
        return f"not reached: {_stopping(explanation)} says stop"
    if outcome is RuleOutcome.PATTERN:
        condition = f"{rule.pattern_type.value} {quoted(rule.pattern)}"
        return f"pattern {condition} does not match {explanation.searched}"
    if outcome is RuleOutcome.MODE:
        either = "not an IP address" if rule.mode is Mode.ANY_IP_ADDRESS else "an IP address"
        return f"mode {rule.mode.value}, but {explanation.searched} is {either}"
    return _about_request(rule, outcome, explanation.query)


def _about_request(rule: SearchRule, outcome: RuleOutcome, query: Query) -> str:
    if outcome is RuleOutcome.SOURCE:
        named = rule.source is SourceMode.NAMED
        source = f"zone {quoted(rule.source_name)}" if named else rule.source.value
        return f"source {source}, but it comes from {query.source}"
    if outcome is RuleOutcome.TRAFFIC:
        return f"traffic type {rule.traffic_type.value}, but it is {query.traffic.value}"
    if outcome is RuleOutcome.PROTOCOL:
        return f"protocol {rule.protocol.value}, but it is {query.protocol.value}"
    return f"authenticated {word_of(BlockKind.SEARCH_RULE, 'authenticated', True)}, but it is not"


def _stopping(explanation: Explanation) -> str:
    """The rule behind which nothing was looked at: the first of the last tier that says stop."""
    last = explanation.tiers[-1].priority
    pairs = zip(explanation.plan.rules, explanation.trace, strict=True)
    return quoted(
        next(
            one.name
            for one, entry in pairs
            if one.priority == last and entry.outcome is RuleOutcome.MATCHED and one.rule.on_match is OnMatch.STOP
        )
    )
