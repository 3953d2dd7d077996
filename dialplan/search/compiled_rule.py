"""Transforms and search rules with their patterns compiled, and the conditions of a rule in their order."""

from __future__ import annotations

from dialplan.model import (
    DEFAULT_ZONE,
    LOCAL_ZONE,
    TRAFFIC_ADMITTED,
    Behavior,
    Entry,
    Mode,
    OnMatch,
    Protocol,
    Query,
    RuleOutcome,
    SearchRule,
    SourceMode,
    Traffic,
    TrafficType,
    Transform,
    Variables,
)
from dialplan.pattern.pattern import Pattern, Rewrite, compile_pattern
from dialplan.syntax import Node, PatternError

Ready = Pattern | Node | None
"""What is there of a pattern already: itself, compiled with the same variables; or the tree of a regex; or nothing."""

_MISSED = RuleOutcome.PATTERN
"""Looking a member up in its Enum costs Python 3.11 as much as a comparison of texts."""


class ReplaceError(PatternError):
    """The replace string is refused; ``offset`` is in it."""


class CompiledTransform:
    __slots__ = ("pattern", "rewrite", "transform")

    def __init__(self, transform: Transform, variables: Variables, ready: Ready) -> None:
        """Raises PatternError when the pattern is refused, ReplaceError when the replace string is."""
        self.transform = transform
        self.pattern = _pattern(transform, variables, ready)
        self.rewrite: Rewrite = _rewrite(self.pattern, transform, variables)


class CompiledRule:
    """A search rule. ``pattern`` is None when the mode does not look at it, ``rewrite`` None when the alias stays."""

    __slots__ = (
        "_address",
        "_authenticated",
        "_pattern_alone",
        "_protocol",
        "_source",
        "_source_excluded",
        "_traffic",
        "enabled",
        "name",
        "pattern",
        "priority",
        "rewrite",
        "rule",
        "stop",
        "zone",
    )

    def __init__(self, rule: SearchRule, variables: Variables, ready: Ready) -> None:
        """As CompiledTransform."""
        self.rule = rule
        self.name, self.zone, self.priority, self.enabled = rule.name, rule.target, rule.priority, rule.enabled
        self.stop = rule.on_match is OnMatch.STOP
        self._protocol: Protocol | None = None if rule.protocol is Protocol.ANY else rule.protocol
        self._source: str | None = _only_source(rule)
        self._source_excluded: str | None = DEFAULT_ZONE if rule.source is SourceMode.ALL_ZONES else None
        self._traffic: frozenset[Traffic] | None = (
            None if rule.traffic_type is TrafficType.ANY else TRAFFIC_ADMITTED[rule.traffic_type]
        )
        self._authenticated = rule.authenticated
        self._address = rule.mode is Mode.ANY_IP_ADDRESS
        conditions = (self._protocol, self._source, self._source_excluded, self._traffic)
        self._pattern_alone = rule.enabled and not rule.authenticated and conditions == (None, None, None, None)
        """Whether nothing but the pattern decides, as in most rules: they are asked in half the time."""
        self.pattern: Pattern | None = None
        self.rewrite: Rewrite | None = None
        if rule.uses_pattern:
            self.pattern = _pattern(rule, variables, ready)
            if rule.behavior is not Behavior.LEAVE:
                self.rewrite = _rewrite(self.pattern, rule, variables)

    def refusal(self, query: Query, folded: str | None, is_address: bool) -> RuleOutcome | None:
        """The first condition, in this order, that fails; None when the rule applies.

        ``folded``: the searched alias; None when it is too long to match anything.
        """
        pattern = self.pattern
        if self._pattern_alone and pattern is not None and folded is not None:
            return None if pattern.test(folded) else _MISSED
        if not self.enabled:
            return RuleOutcome.DISABLED
        if self._protocol is not None and self._protocol is not query.protocol:
            return RuleOutcome.PROTOCOL
        if self._source is not None and self._source != query.source or self._source_excluded == query.source:
            return RuleOutcome.SOURCE
        if self._traffic is not None and query.traffic not in self._traffic:
            return RuleOutcome.TRAFFIC
        if self._authenticated and not query.authenticated:
            return RuleOutcome.AUTHENTICATION
        if pattern is None:
            return None if folded is not None and self._address is is_address else RuleOutcome.MODE
        return None if folded is not None and pattern.test(folded) else RuleOutcome.PATTERN


def _pattern(entry: Entry, variables: Variables, ready: Ready) -> Pattern:
    if isinstance(ready, Pattern):
        return ready
    return compile_pattern(entry.pattern_type, entry.pattern, variables, ready)


def _only_source(rule: SearchRule) -> str | None:
    """The one zone that the rule serves; None when it serves more."""
    if rule.source is SourceMode.NAMED:
        return rule.source_name
    return LOCAL_ZONE if rule.source is SourceMode.LOCAL_ZONE else None


def _rewrite(pattern: Pattern, entry: Entry, variables: Variables) -> Rewrite:
    try:
        return pattern.rewrite(entry.behavior, entry.replace, variables)
    except PatternError as error:
        raise ReplaceError(error.offset, error.message, error.hint) from None
