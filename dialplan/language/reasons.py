"""The outcome of every rule in words: the condition that failed as it is written, and the value it met."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dialplan.model import BlockKind, Location, Mode, Query, RuleOutcome, SearchRule, SourceMode
from dialplan.search.search import Explanation

from .format import word_of
from .spelling import quoted


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule's part in a search."""

    rule: str
    priority: int
    outcome: RuleOutcome
    text: str
    """``matched``, or the condition that failed and why. It has no line ends, but may have other control characters."""
    location: Location
    """The place of the condition; that of the rule, when the condition is a default."""

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


def reasons(explanation: Explanation, shown: Callable[[str], str] = str) -> tuple[Reason, ...]:
    """One for every rule, in the order of the search. ``shown``: an alias -> what stands in its place."""
    result, searched = [], shown(explanation.searched)
    for compiled, entry in zip(explanation.plan.rules, explanation.trace, strict=True):
        rule = compiled.rule
        place = rule.places.get(_FIELD.get(entry.outcome, ""), rule.location)
        text = _text(rule, entry.outcome, explanation, searched)
        result.append(Reason(rule.name, rule.priority, entry.outcome, text, place))
    return tuple(result)


def _text(rule: SearchRule, outcome: RuleOutcome, explanation: Explanation, searched: str) -> str:
    if outcome in (RuleOutcome.MATCHED, RuleOutcome.DISABLED):
        return str(outcome.value)
    if outcome is RuleOutcome.STOPPED:
        return f"not reached: {_stopping(explanation)} says stop"
    if outcome is RuleOutcome.PATTERN:
        condition = f"{rule.pattern_type.value} {quoted(rule.pattern)}"
        return f"pattern {condition} does not match {searched}"
    if outcome is RuleOutcome.MODE:
        either = "not an IP address" if rule.mode is Mode.ANY_IP_ADDRESS else "an IP address"
        return f"mode {rule.mode.value}, but {searched} is {either}"
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
    """The name of the rule that ended the search: the first of the last tier that says stop."""
    last = explanation.tiers[-1].priority
    pairs = zip(explanation.plan.rules, explanation.trace, strict=True)
    return quoted(
        next(
            rule.name
            for rule, entry in pairs
            if rule.stop and rule.priority == last and entry.outcome is RuleOutcome.MATCHED
        )
    )
