"""Small random plans over a small alphabet, and what they do with every short alias: the judge of the analysis."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import product

from hypothesis import strategies as st

from dialplan.analysis import Conditions
from dialplan.language.parser import parse_dialplan
from dialplan.model import (
    Behavior,
    Dialplan,
    Mode,
    OnMatch,
    PatternType,
    RuleOutcome,
    SearchRule,
    SourceMode,
    TrafficType,
    Transform,
)
from dialplan.problem import DialplanError
from dialplan.search.search import CompiledPlan, Explanation

LETTERS = "ab@."
ALIASES = tuple("".join(letters) for length in range(5) for letters in product(LETTERS, repeat=length))
"""All aliases of up to four characters."""

PIECES = ["a", "b", "@", r"\.", ".", ".*", ".*", "(a|b)", "[^@]*", "(?!a)", "(.*)", "a?"]
PLAIN = (PatternType.EXACT, PatternType.PREFIX, PatternType.SUFFIX)


def compiled(text: str) -> CompiledPlan:
    return CompiledPlan(parse_dialplan(text, "test.dialplan"))


def usable(dialplan: Dialplan) -> CompiledPlan | None:
    """None for a plan that is refused, a replace string without its group for instance."""
    try:
        return CompiledPlan(dialplan)
    except DialplanError:
        return None


@st.composite
def patterns(draw: st.DrawFn) -> tuple[PatternType, str]:
    kind = draw(st.sampled_from([*PLAIN, PatternType.REGEX, PatternType.REGEX, PatternType.REGEX]))
    if kind is PatternType.REGEX:
        return kind, "".join(draw(st.lists(st.sampled_from(PIECES), min_size=1, max_size=4)))
    return kind, draw(st.text(LETTERS, min_size=1, max_size=2))


@st.composite
def _rules(draw: st.DrawFn, number: int) -> SearchRule:
    kind, pattern = draw(patterns())
    behavior = draw(st.sampled_from([Behavior.LEAVE, Behavior.LEAVE, Behavior.REPLACE, Behavior.STRIP]))
    if behavior is Behavior.STRIP and kind in (PatternType.EXACT, PatternType.REGEX):
        behavior = Behavior.LEAVE
    return SearchRule(
        name=f"rule {number}",
        priority=draw(st.integers(1, 3)),
        mode=draw(st.sampled_from([Mode.ALIAS_PATTERN_MATCH] * 5 + [Mode.ANY_ALIAS])),
        pattern_type=kind,
        pattern=pattern,
        behavior=behavior,
        replace=draw(st.sampled_from(["", "b@a", r"\1"])) if behavior is Behavior.REPLACE else "",
        source=draw(st.sampled_from([SourceMode.ANY, SourceMode.ANY, SourceMode.ALL_ZONES, SourceMode.NAMED])),
        source_name="A",
        traffic_type=draw(st.sampled_from([TrafficType.ANY, TrafficType.ANY, TrafficType.MICROSOFT_IMP])),
        on_match=draw(st.sampled_from(OnMatch)),
        target=draw(st.sampled_from("AB")),
    )


@st.composite
def _transforms(draw: st.DrawFn, number: int) -> Transform:
    kind, pattern = draw(patterns())
    behavior = draw(st.sampled_from([Behavior.REPLACE, Behavior.ADD_PREFIX, Behavior.ADD_SUFFIX]))
    replacement = draw(st.sampled_from(["a", "b@a", r"\1", r"\1b"]))
    return Transform(
        name=f"transform {number}",
        priority=number,
        pattern_type=kind,
        pattern=pattern,
        behavior=behavior,
        replace=replacement,
    )


@st.composite
def plans(draw: st.DrawFn) -> Dialplan:
    rules = [draw(_rules(number)) for number in range(draw(st.integers(1, 4)))]
    transforms = [draw(_transforms(number)) for number in range(1, draw(st.sampled_from([1, 1, 2, 3])))]
    return Dialplan(tuple(transforms), tuple(rules))


@st.composite
def changed(draw: st.DrawFn, dialplan: Dialplan) -> Dialplan:
    """The plan with one rule changed, or none."""
    rules = list(dialplan.rules)
    place = draw(st.integers(0, len(rules) - 1))
    rule = rules[place]
    rules[place] = draw(
        st.sampled_from(
            [
                rule,
                replace(rule, priority=draw(st.integers(1, 3))),
                replace(rule, target="B"),
                replace(rule, on_match=OnMatch.STOP),
                replace(rule, source=SourceMode.ALL_ZONES),
                replace(rule, pattern=rule.pattern.replace(".*", "[^@]*", 1)) if "[" not in rule.pattern else rule,
            ]
        )
    )
    return replace(dialplan, rules=tuple(rules))


def asked(explanation: Explanation) -> list[frozenset[tuple[str, str]]]:
    """The zones that are asked, in order, each with its alias."""
    return [frozenset((target.zone, target.alias) for target in tier.targets) for tier in explanation.tiers]


def reached(plan: CompiledPlan, conditions: Iterable[Conditions]) -> set[str]:
    """Names of the rules that some short alias reaches."""
    return {
        entry.rule
        for one in conditions
        for alias in ALIASES
        for entry in plan.search(one.query(alias)).trace
        if entry.outcome is RuleOutcome.MATCHED
    }
