from __future__ import annotations

import pytest

from dialplan.language.parser import parse_dialplan
from dialplan.language.reasons import reasons
from dialplan.model import (
    Behavior,
    Dialplan,
    Location,
    Mode,
    OnMatch,
    PatternType,
    Protocol,
    Query,
    RuleOutcome,
    SearchRule,
    SourceMode,
    Traffic,
    TrafficType,
)
from dialplan.search.search import CompiledPlan


def _reason(query: Query, **fields: object) -> str:
    rule = SearchRule(name="r", target="X", **fields)  # type: ignore[arg-type]
    (reason,) = reasons(CompiledPlan(Dialplan((), (rule,))).search(query))
    return reason.text


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, "matched"),
        ({"enabled": False}, "disabled"),
        ({"protocol": Protocol.H323}, "protocol h323, but it is sip"),
        ({"source": SourceMode.NAMED, "source_name": "B"}, 'source zone "B", but it comes from A'),
        ({"source": SourceMode.LOCAL_ZONE}, "source local zone, but it comes from A"),
        ({"traffic_type": TrafficType.STANDARD}, "traffic type standard, but it is microsoft im and presence"),
        ({"authenticated": True}, "authenticated yes, but it is not"),
        ({"mode": Mode.ANY_IP_ADDRESS}, "mode any ip address, but a@b is not an IP address"),
        (
            {"mode": Mode.ALIAS_PATTERN_MATCH, "pattern": 'x"', "behavior": Behavior.LEAVE},
            'pattern prefix "x""" does not match a@b',
        ),
    ],
)
def test_the_condition_and_what_stands_against_it(fields: dict[str, object], text: str) -> None:
    assert _reason(Query("a@b", "A", Traffic.MICROSOFT_IMP), **fields) == text


def test_an_address_and_any_alias() -> None:
    assert _reason(Query("192.0.2.1", "A")) == "mode any alias, but 192.0.2.1 is an IP address"


def test_who_says_stop() -> None:
    rules = (
        SearchRule(name="c", priority=1, target="X"),
        SearchRule(name="s", priority=1, target="X", on_match=OnMatch.STOP),
        SearchRule(name="late", priority=2, target="X"),
    )
    found = reasons(CompiledPlan(Dialplan((), rules)).search(Query("a", "A")))
    assert [reason.text for reason in found] == ["matched", "matched", 'not reached: "s" says stop']


def test_the_alias_after_the_transform_and_the_place_of_the_field() -> None:
    plan = parse_dialplan(
        'transform "t" {\npattern "0"\n}\n'
        'search rule "r" {\nmode alias pattern match\npattern type exact\n'
        'pattern "0"\nbehavior leave\ntarget zone "X"\n}\n',
        "f",
    )
    (reason,) = reasons(CompiledPlan(plan).search(Query("01", "A")))
    assert reason.to_json() == {
        "rule": "r",
        "priority": 100,
        "outcome": "pattern",
        "reason": 'pattern exact "0" does not match 1',
        "location": "f:7:9",
    }
    assert (reason.outcome, reason.location) == (RuleOutcome.PATTERN, Location("f", 7, 9))
    assert plan.rules[0].pattern_type is PatternType.EXACT
